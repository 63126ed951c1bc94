"""POST /v1/recommendations over memory stores."""

from __future__ import annotations

import asyncio
import zlib

import msgspec
import pytest

from headrace.domain.decision import answer_again, decode, response_hash
from headrace.domain.events import Event, Person
from headrace.domain.facts import facts_of, pack
from headrace.domain.panes import pane_of
from headrace.errors import BadEvent
from headrace.stores.ports import PaneCell
from tests.serve.api import NOW, VERSION, Api, candidates, items_of, viewed


def test_an_empty_system_answers_with_an_empty_list_and_says_why(empty_api: Api) -> None:
    answer = empty_api.recommend(user_id="ann")

    assert answer["items"] == []
    assert [part["stage"] for part in answer["degraded"]] == ["model", "items"]
    assert answer["freshness"] == {"live": None, "stream": None, "batch": None, "trends": None}


def test_a_catalogue_without_a_model_is_served_in_order_of_id(empty_api: Api) -> None:
    for item in ("b", "a", "c"):
        assert empty_api.ask("PUT", f"/v1/items/{item}", json={"title": item.upper()}).status_code == 200
    empty_api.refresh()

    answer = empty_api.recommend(user_id="ann")

    assert items_of(answer) == ["a", "b", "c"]
    assert [item["title"] for item in answer["items"]] == ["A", "B", "C"]


def test_nobody_known_gets_what_is_popular(api: Api) -> None:
    for asked in ({}, {"user_id": "new"}, {"session_id": "fresh"}):
        assert items_of(api.recommend(**asked)) == ["lamp", "novel", "mug", "bowl"]  # popularity 40, 30, 20, 10


def test_a_score_is_the_sum_of_its_parts(api: Api) -> None:
    api.happened(viewed("mug"))

    for item in api.recommend(user_id="ann")["items"]:
        assert item["score_micro"] == sum(item["parts"].values())


def test_an_event_in_the_request_counts_at_once(api: Api) -> None:
    before = items_of(api.recommend(user_id="ann"))
    inline = [{"kind": "view", "item_id": "mug"}]

    after = items_of(api.recommend(user_id="ann", context={"events": inline}))

    assert before[0] == "lamp"
    assert set(after[:2]) == {"mug", "bowl"}  # what was viewed, and its only neighbour


def test_an_event_in_the_request_that_the_tail_has_already_counts_once(api: Api) -> None:
    seen = viewed("mug")
    api.happened(seen)
    again = {"event_id": seen.event_id, "kind": "view", "item_id": "mug", "occurred_at": seen.occurred_at}

    with_tail = api.recommend(user_id="ann")
    with_both = api.recommend(user_id="ann", context={"events": [again]})

    assert with_both["items"] == with_tail["items"]


def test_a_session_without_a_user_has_a_tail_of_its_own(api: Api) -> None:
    api.happened(viewed("mug", person="s:tab", user_id=None, session_id="tab"))

    assert set(items_of(api.recommend(session_id="tab"))[:2]) == {"mug", "bowl"}


def test_an_unknown_item_in_the_tail_is_no_error(api: Api) -> None:
    api.happened(viewed("gone"))

    assert len(api.recommend(user_id="ann")["items"]) == 4


def test_filter_and_exclude_are_kept(api: Api) -> None:
    assert items_of(api.recommend(filter={"categories": ["kitchen"]})) == ["mug", "bowl"]
    assert items_of(api.recommend(filter={"price_from": 1000, "price_to": 2000})) == ["novel"]
    assert items_of(api.recommend(exclude=["lamp", "mug"], limit=1)) == ["novel"]


def test_each_item_says_where_it_came_from(api: Api) -> None:
    api.run(api.stores.candidates.put(VERSION, [("u:ann", candidates("bowl"))]))

    answer = api.recommend(user_id="ann")

    assert {item["item_id"]: item["sources"] for item in answer["items"]}["bowl"] == ["als", "popularity"]
    assert answer["versions"]["candidates"] == VERSION


def test_freshness_is_the_age_of_the_newest_thing_of_each_speed(api: Api) -> None:
    seen = viewed("mug", ago_ms=1_500)
    api.happened(seen)
    api.run(
        api.stores.user_panes.put(
            [PaneCell("u:ann", pane_of(seen.occurred_at), "kitchen", "product", pack(facts_of(seen, "GBP")))], 1
        )
    )

    answer = api.recommend(user_id="ann")

    # NOW is a full hour: the newest pane began five minutes before it. The model was trained an hour before.
    assert answer["freshness"] == {"live": 1_500, "stream": 300_000, "batch": 3_600_000, "trends": None}
    assert answer["degraded"] == []


def test_explain_names_the_seen_item_without_which_another_falls(api: Api) -> None:
    api.happened(viewed("mug"))

    answer = api.recommend(user_id="ann", explain=True)

    bowl = next(item for item in answer["items"] if item["item_id"] == "bowl")
    assert bowl["because"]["item_id"] == "mug"
    assert bowl["because"]["place"] == bowl["place"]
    assert bowl["because"]["without"] == 3  # without it popularity alone: the bowl is the least popular of four


def test_the_decision_is_logged_with_the_answers_id_and_a_dry_run_is_not(api: Api) -> None:
    answer = api.recommend(user_id="ann", placement="home")
    api.recommend(user_id="ann", dry_run=True)

    (packed,) = api.logged_decisions()

    record = decode(packed)
    assert record["request_id"] == answer["request_id"] == "request-1"
    assert record["placement"] == "home"
    assert [slot["item"] for slot in record["slots"]] == items_of(answer)
    assert api.log.records["main.decisions"][0][0] == b"request-1"


def test_what_is_logged_is_answered_again_to_the_same_hash(api: Api) -> None:
    api.happened(viewed("mug", price_minor=500), viewed("lamp", 120_000))
    inline = [{"kind": "cart", "item_id": "novel", "value": 2}]
    api.recommend(user_id="ann", context={"events": inline}, filter={"price_to": 4_500})

    (packed,) = api.logged_decisions()

    record = decode(packed)
    assert [len(record["tail"]["id"]), len(record["context"]["id"])] == [2, 1]
    assert response_hash(answer_again(record, api.service.served.current)) == record["response_hash"]
    assert list(record) == sorted(record)  # as `canonical` orders them


def test_an_inline_event_without_consent_is_used_and_leaves_no_trace_in_the_record(api: Api) -> None:
    inline = [{"kind": "view", "item_id": "mug", "consent": False, "query": "a secret wish"}]

    answer = api.recommend(user_id="ann", context={"events": inline, "device": "phone"})

    (packed,) = api.logged_decisions()
    assert set(items_of(answer)[:2]) == {"mug", "bowl"}
    assert b"secret" not in zlib.decompress(packed)
    record = decode(packed)
    assert record["context_kept"] is False
    assert msgspec.json.decode(record["request"])["context"] == {"device": "phone"}


def test_lost_stores_degrade_the_list_and_are_no_error(api: Api) -> None:
    api.happened(viewed("mug"))
    api.lose_stores()

    answer = api.recommend(user_id="ann")

    assert items_of(answer) == ["lamp", "novel", "mug", "bowl"]
    assert [part["stage"] for part in answer["degraded"]] == ["tail", "panes", "candidates"]
    assert all(part["why"] and part["fallback"] for part in answer["degraded"])
    assert answer["freshness"]["live"] is None


def test_a_stored_row_that_cannot_be_read_degrades_the_list_and_is_no_error(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> tuple[Event, ...]:
        raise BadEvent("not_clean", "Input data was truncated")

    monkeypatch.setattr(type(api.stores.tails), "newest", broken)
    api.run(api.stores.candidates.put(VERSION, [(Person("u:ann"), b"nonsense")]))

    answer = api.recommend(user_id="ann")

    assert items_of(answer) == ["lamp", "novel", "mug", "bowl"]
    assert [part["stage"] for part in answer["degraded"]] == ["tail", "candidates"]


def test_events_in_the_request_still_count_while_the_stores_are_lost(api: Api) -> None:
    api.lose_stores()

    answer = api.recommend(user_id="ann", context={"events": [{"kind": "view", "item_id": "mug"}]})

    assert set(items_of(answer)[:2]) == {"mug", "bowl"}


def test_dead_stores_are_not_asked_after_the_first_failures_and_are_back_by_themselves(api: Api) -> None:
    api.happened(viewed("mug"))
    api.lose_stores()
    api.recommend(user_id="ann")
    api.recommend(user_id="ann")  # three reads each: the fifth failure opens the circuit
    assert api.service.circuit.is_open

    api.lose_stores(False)
    assert api.recommend(user_id="ann")["degraded"] != []  # not asked, so not known
    api.run(asyncio.sleep(0.25))  # the probe looks every 100 ms

    assert api.recommend(user_id="ann")["degraded"] == []


def test_clock_zero_is_fine_before_the_first_event_of_a_replay_world(empty_api: Api) -> None:
    empty_api.clock.at_ms = 0

    assert empty_api.recommend(user_id="ann")["clock_ms"] == 0


def test_the_same_request_at_the_same_time_gives_the_same_items(api: Api) -> None:
    api.happened(viewed("mug"), viewed("novel", 90_000))

    assert api.recommend(user_id="ann")["items"] == api.recommend(user_id="ann")["items"]
    assert api.clock.now_ms() == NOW
