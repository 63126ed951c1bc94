"""The catalogue over HTTP: one record of the topic per change, and the next request sees it."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from headrace.stores.memory_log import MemoryLog
from headrace.stores.ports import Appended
from tests.serve.api import Api, items_of

NDJSON = {"content-type": "application/x-ndjson"}


def records(api: Api) -> list[tuple[str, object]]:
    return [
        (key.decode(), None if value is None else json.loads(value))
        for key, value, _ in api.log.records["main.catalogue"]
    ]


def test_an_item_that_was_put_is_one_record_and_is_served(api: Api) -> None:
    response = api.ask("PUT", "/v1/items/vase", json={"title": "A vase", "category": "kitchen", "price_minor": 700})
    api.refresh()

    assert response.json() == {"item_id": "vase", "title": "A vase", "category": "kitchen", "price_minor": 700}
    assert records(api) == [("vase", response.json())]
    assert items_of(api.recommend(filter={"categories": ["kitchen"]})) == ["mug", "bowl", "vase"]


def test_an_id_with_slashes_and_spaces_is_an_id(api: Api) -> None:
    response = api.ask("PUT", "/v1/items/a%2Fb%20c", json={})

    assert response.json() == {"item_id": "a/b c"}


def test_a_patch_changes_what_it_names_and_null_removes(api: Api) -> None:
    api.ask("PUT", "/v1/items/vase", json={"title": "A vase", "category": "kitchen", "brand": "K"})

    patched = api.ask("PATCH", "/v1/items/vase", json={"title": "The vase", "brand": None})

    assert patched.json() == {"item_id": "vase", "title": "The vase", "category": "kitchen"}
    assert records(api)[-1] == ("vase", patched.json())


def test_of_two_patches_at_once_neither_is_lost(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    append = MemoryLog.append

    async def slow(self: MemoryLog, *record: object, **rest: object) -> Appended:
        await asyncio.sleep(0.01)
        return await append(self, *record, **rest)

    monkeypatch.setattr(MemoryLog, "append", slow)

    async def both() -> None:
        transport = httpx.ASGITransport(api.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://headrace") as client:
            await asyncio.gather(
                client.patch("/v1/items/mug", json={"title": "The mug"}),
                client.patch("/v1/items/mug", json={"brand": "K"}),
            )

    api.run(both())
    newest = records(api)[-1][1]
    assert isinstance(newest, dict)
    assert (newest["title"], newest["brand"]) == ("The mug", "K")


def test_a_patch_of_an_item_that_only_the_model_knows_starts_from_the_model(api: Api) -> None:
    patched = api.ask("PATCH", "/v1/items/mug", json={"price_minor": 450})

    assert patched.json() == {
        "item_id": "mug",
        "title": "A mug",
        "category": "kitchen",
        "content_type": "product",
        "price_minor": 450,
    }


def test_a_patch_of_an_unknown_or_deleted_item_is_404(api: Api) -> None:
    assert api.ask("PATCH", "/v1/items/nothing", json={"title": "x"}).status_code == 404
    assert api.ask("DELETE", "/v1/items/mug").status_code == 204
    assert api.ask("PATCH", "/v1/items/mug", json={"title": "x"}).status_code == 404


def test_a_deleted_item_is_served_no_more_and_comes_back_when_put_again(api: Api) -> None:
    api.ask("DELETE", "/v1/items/lamp")
    api.refresh()
    assert "lamp" not in items_of(api.recommend())
    assert records(api) == [("lamp", None)]

    api.ask("PUT", "/v1/items/lamp", json={"title": "A lamp again"})
    api.refresh()
    assert api.recommend()["items"][0]["title"] == "A lamp again"


def test_a_changed_price_is_in_the_answer_and_decides_what_passes_a_price_range(api: Api) -> None:
    before = {item["item_id"]: item["price_minor"] for item in api.recommend()["items"]}
    assert before == {"lamp": 4500, "novel": 1200, "mug": 500, "bowl": 900}

    api.ask("PATCH", "/v1/items/mug", json={"price_minor": 1500})
    api.ask("PATCH", "/v1/items/novel", json={"price_minor": None})
    api.refresh()

    after = {item["item_id"]: item["price_minor"] for item in api.recommend()["items"]}
    assert after == {"lamp": 4500, "novel": None, "mug": 1500, "bowl": 900}
    assert items_of(api.recommend(filter={"price_from": 1000, "price_to": 2000})) == ["mug"]


def test_many_items_at_once(api: Api) -> None:
    many = [{"item_id": f"new-{number}", "title": str(number)} for number in range(500)]

    assert api.post("/v1/items", many).json() == {"accepted": 500}
    assert len(records(api)) == 500


def test_an_array_lines_and_one_alone_are_all_items(api: Api) -> None:
    two = b'{"item_id": "a", "title": "A"}\n\n{"item_id": "b", "brand": null}\n'

    assert api.ask("POST", "/v1/items", content=two, headers=NDJSON).json() == {"accepted": 2}
    assert api.post("/v1/items", {"item_id": "c"}).json() == {"accepted": 1}
    assert records(api) == [("a", {"item_id": "a", "title": "A"}), ("b", {"item_id": "b"}), ("c", {"item_id": "c"})]


def test_a_bad_line_is_named_by_its_place_and_nothing_is_kept(api: Api) -> None:
    response = api.ask("POST", "/v1/items", content=b'{"item_id": "a"}\n{"item_id": 7}', headers=NDJSON)

    assert response.json()["errors"] == [{"field": "[1].item_id", "value": 7, "message": "Expected str, got int"}]
    broken = api.ask("POST", "/v1/items", content=b'{"item_id": "a"}\n{"item_id":', headers=NDJSON)
    assert broken.status_code == 400
    assert broken.json()["detail"].startswith("[1]: ")
    assert "main.catalogue" not in api.log.records


def test_bad_items_are_named_by_their_place_and_field(api: Api) -> None:
    response = api.post("/v1/items", [{"item_id": "a"}, {"item_id": "b", "currency": "gbp"}])

    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "[1].currency"
    assert api.post("/v1/items", [{"item_id": str(number)} for number in range(501)]).status_code == 400
    assert api.ask("PUT", "/v1/items/a", json={"item_id": "b"}).json()["errors"][0]["field"] == "item_id"
    assert "main.catalogue" not in api.log.records


def test_an_id_that_no_event_could_name_is_refused(api: Api) -> None:
    assert api.ask("PUT", f"/v1/items/{'x' * 129}", json={}).status_code == 400
