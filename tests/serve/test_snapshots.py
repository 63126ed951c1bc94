"""What is served: the published model whole or the one before it, with the catalogue as it is now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from headrace.errors import StoreUnavailable
from headrace.serve import snapshots
from headrace.serve.connection import Connecting
from headrace.serve.health import ready_now
from headrace.stores.memory import MemoryStores
from headrace.stores.shelf import write_model
from tests.serve.api import METAS, MODEL, NOW, ORIGIN, VERSION, Api, items_of

NEXT = replace(MODEL, version="m20260101T000000Z-11111111", popularity=MODEL.popularity[::-1].copy())


def ready(api: Api) -> tuple[int, dict[str, object]]:
    response = api.get("/readyz")
    return response.status_code, response.json()


def test_a_process_is_not_ready_before_its_first_look_and_then_stays_ready(tmp_path) -> None:
    api = Api(tmp_path)
    assert ready(api)[0] == 503

    api.refresh()
    assert ready(api) == (
        200,
        {
            "ready": True,
            "world": "main",
            "clock_ms": NOW,
            "model": None,
            "refused": None,
            "catalogue": "none+",
            "trouble": None,
            "items": 0,
            "unknown_items": 0,
            "trends": None,
            "trends_age_ms": None,
            "stores": "answering",
            "workers": 0,
            "decisions_waiting": 0,
            "decisions_dropped": 0,
        },
    )
    api.close()


def test_a_process_is_not_ready_before_the_catalogue_was_read(tmp_path) -> None:
    api = Api(tmp_path)
    api.service.feed.caught_up = False
    api.refresh()

    assert ready(api)[0] == 503
    api.close()


def test_a_process_without_stores_becomes_ready_with_what_there_is(tmp_path) -> None:
    api = Api(tmp_path)
    api.lose_stores()
    api.refresh()

    assert ready(api)[0] == 200
    assert api.recommend(user_id="ann")["items"] == []
    api.close()


def test_a_new_model_is_served_after_the_next_look(api: Api) -> None:
    assert items_of(api.recommend()) == ["lamp", "novel", "mug", "bowl"]

    api.publish(NEXT)

    assert items_of(api.recommend()) == ["mug", "bowl", "lamp", "novel"]  # popularity 40, 30, 20, 10
    assert ready(api)[1]["model"] == NEXT.version


def test_a_corrupt_model_is_refused_and_the_old_one_goes_on(api: Api) -> None:
    write_model(api.shelf, NEXT, METAS, ORIGIN, {})
    (api.shelf / NEXT.version / "popularity.npy").write_bytes(b"nonsense")

    api.run(api.stores.pointers.flip(NEXT.version, NOW))
    api.refresh()

    state = ready(api)[1]
    assert state["model"] == VERSION
    assert NEXT.version in state["refused"]
    assert api.recommend()["versions"]["model"] == VERSION


def test_a_refused_model_is_tried_again_once_its_time_has_come(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    write_model(api.shelf, NEXT, METAS, ORIGIN, {})
    popularity = api.shelf / NEXT.version / "popularity.npy"
    whole = popularity.read_bytes()
    popularity.write_bytes(whole[:10])  # half copied
    api.run(api.stores.pointers.flip(NEXT.version, NOW))
    api.refresh()
    popularity.write_bytes(whole)
    api.refresh()
    assert ready(api)[1]["model"] == VERSION  # half a minute has not passed

    monkeypatch.setattr(snapshots, "_now_s", lambda: 1e12)
    api.refresh()
    assert (ready(api)[1]["model"], ready(api)[1]["refused"]) == (NEXT.version, None)


def test_stores_that_were_never_reached_are_not_called_answering(tmp_path) -> None:
    async def refused() -> MemoryStores:
        raise StoreUnavailable("127.0.0.1:9042: refused")

    api = Api(tmp_path)
    connecting = Connecting(refused)
    api.run(connecting.connect())
    service = replace(api.service, stores=connecting)
    assert ready_now(service, ()).stores == "127.0.0.1:9042: refused"
    api.close()


def test_a_model_of_other_features_is_refused(api: Api) -> None:
    write_model(api.shelf, NEXT, METAS, replace(ORIGIN, feature_set_id="f0-other"), {})

    api.run(api.stores.pointers.flip(NEXT.version, NOW))
    api.refresh()

    assert ready(api)[1]["model"] == VERSION
    assert "f0-other" in ready(api)[1]["refused"]


def test_flipping_back_needs_no_load_and_clears_the_refusal(api: Api) -> None:
    api.publish(NEXT)
    for file in (api.shelf / VERSION).iterdir():
        file.unlink()

    api.run(api.stores.pointers.flip(VERSION, NOW + 1))
    api.refresh()

    assert ready(api)[1]["model"] == VERSION
    assert ready(api)[1]["refused"] is None


def test_the_catalogue_outlives_a_new_model(api: Api) -> None:
    api.ask("PUT", "/v1/items/vase", json={"title": "A vase"})
    api.ask("DELETE", "/v1/items/lamp")
    api.refresh()

    api.publish(NEXT)

    served = items_of(api.recommend())
    assert "vase" in served
    assert "lamp" not in served
    assert ready(api)[1]["catalogue"] == f"{NEXT.version}+0:2"
