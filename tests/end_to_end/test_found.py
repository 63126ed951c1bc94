"""The judge of the end-to-end ring: it finds nothing where all is right, and one wrong entry of each store."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from headrace.domain.contract import read_event
from headrace.domain.facts import facts_of, item_facts_of, pack
from headrace.domain.panes import pane_of
from headrace.stores.memory import MemoryStores
from headrace.stores.ports import PaneCell
from tests.end_to_end.found import judged, kept
from tests.end_to_end.story import LATENESS_MS, good, oracle, sent

NOW_MS = 1_700_000_000_000
RECORDS = sent([good(0, NOW_MS), good(1, NOW_MS), good(2, NOW_MS, kind="stare")], by_http=False)
EXPECTED = oracle(RECORDS, NOW_MS)


def test_stores_that_hold_the_story_are_found_as_the_oracle_has_them() -> None:
    stores = MemoryStores()

    async def fill_and_read() -> tuple[object, object, object]:
        for record in RECORDS[:2]:
            event = read_event(record.raw, NOW_MS, trust_received_at=False, allowed_lateness_ms=LATENESS_MS)
            cell = pane_of(event.occurred_at), str(event.category), str(event.content_type)
            await stores.user_panes.put([PaneCell(event.person, *cell, pack(facts_of(event, "GBP")))], 1)
            await stores.item_panes.put([PaneCell(str(event.item_id), *cell, pack(item_facts_of(event, "GBP")))], 1)
            await stores.tails.append([event])
        return await kept(stores, EXPECTED)

    assert asyncio.run(fill_and_read()) == (EXPECTED.user_panes, EXPECTED.item_panes, EXPECTED.tails)
    told = judged(EXPECTED, EXPECTED)
    assert [(each.expected, each.wrong) for each in told] == [(2, 0), (0, 0), (1, 0), (2, 0), (2, 0), (2, 0)]


def test_what_is_lost_there_twice_or_another_number_is_wrong() -> None:
    lost, twice = EXPECTED.clean.copy(), EXPECTED.clean.copy()
    first, second = EXPECTED.clean
    del lost[first]
    twice[second] += 1
    pane = next(iter(EXPECTED.user_panes))
    other = EXPECTED.user_panes | {pane: [total + 1 for total in EXPECTED.user_panes[pane]]}

    def wrong(**changed: object) -> list[int]:
        return [each.wrong for each in judged(EXPECTED, replace(EXPECTED, **changed))]

    assert wrong(clean=lost) == [1, 0, 0, 0, 0, 0]
    assert wrong(clean=twice) == [1, 0, 0, 0, 0, 0]
    assert wrong(late=1) == [0, 1, 0, 0, 0, 0]
    assert wrong(rejected={}) == [0, 0, 1, 0, 0, 0]
    assert wrong(user_panes=other) == [0, 0, 0, 1, 0, 0]
    assert wrong(item_panes={}) == [0, 0, 0, 0, 2, 0]
    assert wrong(tails={}) == [0, 0, 0, 0, 0, 2]
