"""Rerank, similar, people and decisions."""

from __future__ import annotations

import numpy as np
import pytest

from headrace.domain.facts import facts_of, merge, pack
from headrace.domain.panes import DAY_MS, pane_of
from headrace.domain.taste import Acts, taste_of
from headrace.stores.ports import PaneCell, SessionRow
from tests.serve.api import NOW, VERSION, Api, candidates, items_of, viewed


def test_rerank_gives_back_exactly_the_items_with_strangers_last(api: Api) -> None:
    page = ["novel", "stranger", "bowl", "novel"]
    inline = {"events": [{"kind": "view", "item_id": "mug"}]}

    answer = api.post("/v1/rerank", {"items": page, "user_id": "ann", "context": inline}).json()

    assert items_of(answer) == ["bowl", "novel", "stranger"]
    assert [item["place"] for item in answer["items"]] == [0, 1, 2]


def test_rerank_survives_lost_stores_and_an_empty_system(empty_api: Api) -> None:
    empty_api.lose_stores()

    answer = empty_api.post("/v1/rerank", {"items": ["b", "a"], "user_id": "ann"}).json()

    assert items_of(answer) == ["b", "a"]
    assert {"tail", "panes", "model"} <= {part["stage"] for part in answer["degraded"]}


def test_a_rerank_is_a_decision_with_the_page_it_was_given(api: Api) -> None:
    api.post("/v1/rerank", {"items": ["novel", "bowl"], "user_id": "ann"})

    assert len(api.logged_decisions()) == 1


def test_similar_is_neighbours_then_the_popular_and_never_the_item_itself(api: Api) -> None:
    answer = api.get("/v1/similar/mug?limit=3").json()

    assert [(item["item_id"], item["source"]) for item in answer["items"]] == [
        ("bowl", "item_to_item"),
        ("lamp", "popularity"),
        ("novel", "popularity"),
    ]
    assert answer["items"][0]["score_micro"] == 900_000
    assert answer["known"] is True


def test_similar_to_an_unknown_item_is_what_is_popular_even_without_stores(api: Api) -> None:
    api.lose_stores()

    answer = api.get("/v1/similar/nobody").json()

    assert items_of(answer) == ["lamp", "novel", "mug", "bowl"]
    assert answer["known"] is False


def test_everything_known_of_a_person_with_its_age(api: Api) -> None:
    first, second = viewed("mug", 400_000), viewed("bowl", 2_000)
    api.happened(first, second)
    cells = [
        PaneCell("u:ann", pane_of(first.occurred_at), "kitchen", "product", pack(facts_of(first, "GBP"))),
        PaneCell(
            "u:ann", pane_of(NOW), "kitchen", "video", pack(merge(facts_of(first, "GBP"), facts_of(second, "GBP")))
        ),
    ]
    api.run(api.stores.user_panes.put(cells, 1))
    api.run(api.stores.candidates.put(VERSION, [("u:ann", candidates("bowl", "mug"))]))
    api.run(api.stores.sessions.put([SessionRow("u:ann", NOW - 9_000_000, "", '{"events":4}')], 1))

    known = api.get("/v1/people/u:ann/features").json()

    assert known["freshness"] == {"live": 2_000, "stream": 0, "batch": 3_600_000, "trends": None}
    assert known["session"]["viewed"] == ["mug", "bowl"]
    assert known["session"]["categories"] == {"kitchen": 2}
    assert (known["session"]["length_ms"], known["session"]["totals"]["n_view"]) == (398_000, 2)
    assert known["windows"]["5m"] == {"kitchen": {"n_view": 2}}
    assert known["windows"]["1h"] == {"kitchen": {"n_view": 3}}
    assert known["windows_by_content_type"]["1h"] == {"product": {"n_view": 1}, "video": {"n_view": 2}}
    assert known["trained"]["candidates"] == 2
    assert known["sessions"] == [{"events": 4}]
    assert known["affinities"]["session"]["kitchen"] > 0


def test_mood_and_taste_are_apart_and_say_of_when_they_are(api: Api) -> None:
    counted, newer = viewed("lamp", DAY_MS), viewed("mug", 3_600_000)
    api.happened(counted, newer)
    trained = taste_of(
        Acts(
            days=np.array([(NOW - 21 * DAY_MS) // DAY_MS, counted.occurred_at // DAY_MS]),
            items=np.array([3, 1]),
            categories=("books", "light"),
            strength_milli=np.array([10_000, 1_000]),
            last_ms=counted.occurred_at,
        ),
        as_of_ms=NOW,
    )
    api.run(api.stores.candidates.put(VERSION, [("u:ann", candidates("bowl", taste=trained))]))

    known = api.get("/v1/people/u:ann/features").json()

    mood, taste = known["mood"], known["taste"]
    # A view of an hour ago, 1/2; one of a day ago, 2⁻²⁴.
    assert mood["half_life_ms"] == 3_600_000
    assert mood["items"] == pytest.approx({"mug": 0.5, "lamp": 2**-24})
    assert mood["categories"] == pytest.approx({"kitchen": 0.5 / 1.5, "light": 2**-24 / 1.5})
    assert mood["factors"][0] > 0
    # Ten on books, three weeks ago, are 5; the view of yesterday fades by a day and is there once; today is midnight,
    # so the view of an hour ago was yesterday too.
    day = 2 ** (-1 / 21)
    whole = 1 + 5 + day + day
    assert (taste["half_life_ms"], taste["as_of_ms"]) == (21 * DAY_MS, NOW)
    assert (taste["counted_until_ms"], taste["newer_events"]) == (counted.occurred_at, 1)
    assert taste["categories"] == pytest.approx({"books": 5 / whole, "kitchen": day / whole, "light": day / whole})
    assert taste["items"] == pytest.approx({"novel": 5 / 6, "lamp": day / (1 + day), "mug": day / (1 + day)})
    assert taste["factors"] == [1.0, 0.0]
    assert known["trained"]["factors"] != taste["factors"]  # the mood folded in


def test_who_no_training_knows_has_the_taste_that_their_newest_events_tell(api: Api) -> None:
    api.happened(viewed("mug", 1_000, user="new"))

    taste = api.get("/v1/people/u:new/features").json()["taste"]

    assert (taste["as_of_ms"], taste["counted_until_ms"], taste["newer_events"]) == (None, None, 1)
    assert (list(taste["categories"]), list(taste["items"]), taste["factors"]) == (["kitchen"], ["mug"], [])


def test_a_person_never_seen_is_empty_and_no_error(empty_api: Api) -> None:
    known = empty_api.get("/v1/people/s:nobody/features").json()

    assert known["tail_events"] == 0
    assert known["trained"]["candidates"] is None
    assert known["windows"] == {"5m": {}, "1h": {}, "1d": {}, "1d_local": {}}


def test_a_person_without_a_prefix_is_refused(empty_api: Api) -> None:
    for person in ("ann", "u:", "x:ann"):
        assert empty_api.get(f"/v1/people/{person}/features").status_code == 400


def test_a_decision_can_be_read_after_the_live_service_wrote_it(api: Api) -> None:
    answer = api.recommend(user_id="ann")
    assert api.get(f"/v1/decisions/{answer['request_id']}").status_code == 404

    (packed,) = api.logged_decisions()
    api.run(api.stores.decisions.put([(answer["request_id"], packed)]))

    record = api.get(f"/v1/decisions/{answer['request_id']}").json()
    assert record["person"] == "u:ann"
    assert record["request"] == '{"user_id":"ann"}'
