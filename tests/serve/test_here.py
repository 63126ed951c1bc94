"""Where and when a request is: what it says itself wins over what its person's events told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headrace.cells import cell_name, cell_of
from headrace.domain.decision import answer_again, decode, response_hash
from headrace.domain.events import Event, Place
from headrace.domain.facts import facts_of, pack
from headrace.domain.here import EVER
from headrace.domain.orders import orders_of
from headrace.domain.panes import pane_of
from headrace.domain.whereabouts import search_key
from headrace.stores.ports import PaneCell
from tests.serve.api import MODEL, Api, items_of, viewed

BERLIN, MUNICH = Place(52.52, 13.405), Place(48.14, 11.58)
TOWN = cell_of(BERLIN)[1]

# Everywhere 100 orders of bowls and 100 of lamps. Here, from eight to twelve, of 100: 95 bowls where 50 were expected:
# (95 + 5) / (50 + 5) = 20/11, (20/11 − 1) / (20/11 + 1) = 9/31; in this town, of 100: 45 bowls where 95 were expected:
# (45 + 5) / (95 + 5) = 1/2, so together 10/11 and −1/21.
MORNINGS = replace(
    MODEL,
    version="m20260101T000000Z-00000000",
    orders=orders_of(
        np.array([(0, 50), EVER, (TOWN, 50)], dtype=np.int64),
        np.array([0, 2, 4, 6], dtype=np.int64),
        np.array([0, 1, 0, 1, 0, 1], dtype=np.int32),
        np.array([95, 5, 100, 100, 45, 55], dtype=np.int32),
    ),
)
EVERYWHERE_THEN, IN_TOWN_THEN = round(0.5e6 * 9 / 31), round(-0.5e6 / 21)


def bowl_part(api: Api, **asked: object) -> int:
    parts = {item["item_id"]: item["parts"] for item in api.recommend(user_id="ann", **asked)["items"]}
    return parts["bowl"].get("here_and_now", 0)


def close(found: int, expected: int) -> bool:
    return abs(found - expected) <= 1  # features are float32


def test_the_requests_own_place_and_time_count(api: Api) -> None:
    api.publish(MORNINGS)
    morning = "2026-01-01T08:30:00+01:00"
    assert bowl_part(api) == 0
    assert close(bowl_part(api, context={"local_time": morning}), EVERYWHERE_THEN)
    there = {"lat": BERLIN.lat, "lon": BERLIN.lon}
    assert close(bowl_part(api, context={"local_time": morning, "place": there}), IN_TOWN_THEN)
    assert bowl_part(api, context={"place": there}) == 0  # the town has no orders at any hour in this model


def test_without_them_the_newest_event_tells(api: Api) -> None:
    api.publish(MORNINGS)
    # The clock stands at midnight UTC: eight hours ahead it is eight in the morning.
    api.happened(
        viewed("novel", 2_000, place=MUNICH, tz_offset_min=60),
        viewed("novel", 1_000, place=BERLIN, tz_offset_min=480),
    )
    assert close(bowl_part(api), IN_TOWN_THEN)
    elsewhere = {"place": {"lat": MUNICH.lat, "lon": MUNICH.lon}}
    assert close(bowl_part(api, context=elsewhere), EVERYWHERE_THEN)
    assert bowl_part(api, context={"local_time": "2026-01-01T20:00:00"}) == 0
    newer = [{"kind": "view", "item_id": "novel", "tz_offset_min": 0}]
    assert bowl_part(api, context={"events": newer}) == 0  # it is midnight there


def test_the_list_changes_and_the_decision_can_be_answered_again(api: Api) -> None:
    api.publish(MORNINGS)
    context = {"local_time": "2026-01-01T08:30:00+01:00", "place": {"lat": BERLIN.lat, "lon": BERLIN.lon}}
    answer = api.recommend(user_id="ann", context=context)
    (logged,) = api.logged_decisions()
    record = decode(logged)
    cell, parent = cell_of(BERLIN)
    assert record["here"] == {"cell": f"{cell:x}", "parent": f"{parent:x}", "hour": 8, "weekday": 3}
    again = answer_again(record, api.service.served.current)
    assert response_hash(again) == record["response_hash"]
    assert [slot.item for slot in again.slots] == items_of(answer)


def test_panes_tell_where_the_tail_does_not(api: Api) -> None:
    api.publish(MORNINGS)
    then = viewed("novel", 50_000_000, place=BERLIN, tz_offset_min=480)
    cell = PaneCell("u:ann", pane_of(then.occurred_at), "books", "unknown", pack(facts_of(then, "GBP")))
    api.run(api.stores.user_panes.put([cell], 1))
    assert close(bowl_part(api), IN_TOWN_THEN)
    api.happened(viewed("novel", 2_000, place=MUNICH))
    assert close(bowl_part(api), EVERYWHERE_THEN)  # a newer place, and still the pane's clock


def test_the_persons_page_shows_their_context(api: Api) -> None:
    nothing = {"cell": None, "local_hour": None, "weekday": None, "searches": [], "cells": {}}
    assert api.get("/v1/people/u:ann/features").json()["context"] == nothing

    def searched(query: str, ago_ms: int, **fields: object) -> Event:
        return viewed("", ago_ms, kind="search", query=query, item_id=None, event_id=query, **fields)

    old = [searched(query, 7_200_000, place=BERLIN) for query in ("lamp", "bowl")]
    api.happened(searched("mug", 60_000, place=MUNICH, tz_offset_min=60), searched("lamp", 120_000))
    cells = [PaneCell("u:ann", *search_key(each), pack(facts_of(each, "GBP"))) for each in old]
    api.run(api.stores.user_panes.put(cells, 1))

    page = api.get("/v1/people/u:ann/features").json()
    berlin, munich = (cell_name(cell_of(place)[0]) for place in (BERLIN, MUNICH))
    assert page["context"] == {
        "cell": munich,
        "local_hour": 1,  # the clock stands at midnight UTC of Thursday, 1 January 2026
        "weekday": 3,
        "searches": ["mug", "lamp", "bowl"],
        "cells": {berlin: 1},
    }
    assert page["windows"]["1d"] == {}  # a query is no category
