"""Each chapter of the process faults is told of people and items of its own, so that each is judged by itself."""

from __future__ import annotations

from collections import Counter

import pytest
from bench.processes import records_of, refused, retold, today

from headrace.domain.panes import DAY_MS
from headrace.errors import PartFailed
from tests.end_to_end.story import chapter, oracle

NOW_MS = 1_700_000_000_000


def test_a_retold_chapter_comes_to_the_same_of_other_people_and_items() -> None:
    told = chapter(0, NOW_MS)
    first, second = (oracle([retold(each, number, NOW_MS) for each in told], NOW_MS) for number in (1, 2))
    assert (first.clean.total(), first.late, first.rejected) == (second.clean.total(), second.late, second.rejected)
    assert not first.tails.keys() & second.tails.keys()
    assert not {key[0] for key in first.item_panes} & {key[0] for key in second.item_panes}
    assert first.rejected == oracle(told, NOW_MS).rejected


def test_a_retold_record_keeps_its_person_as_its_key() -> None:
    (record,) = [each for each in chapter(0, NOW_MS) if b'"story-61"' in each.raw]
    assert retold(record, 3, NOW_MS).key == b"u:story-1-c3"


def test_a_chapter_is_received_when_it_is_told_and_what_comes_of_it_is_in_the_log() -> None:
    told = [retold(each, 1, NOW_MS) for each in chapter(0, NOW_MS)]
    log = list(records_of(told, NOW_MS + 60_000))
    assert {record.event.received_at for record in log} == {NOW_MS}
    assert Counter(record.event.key for record in log) == oracle(told, NOW_MS).clean


def test_what_the_api_should_say_of_today_is_every_event_of_a_person_by_category_and_kind() -> None:
    expected = oracle(chapter(0, NOW_MS), NOW_MS)
    totals = today(expected, NOW_MS)
    assert sum(map(sum, totals.values())) == 120  # every good event once, none late
    assert {person for person, _ in totals} == {person for person, *_ in expected.user_panes}


def test_of_a_chapter_that_lies_over_midnight_each_day_has_its_own_events() -> None:
    midnight = (NOW_MS // DAY_MS + 1) * DAY_MS
    expected = oracle(chapter(0, midnight), midnight)
    before, after = (sum(map(sum, today(expected, now).values())) for now in (midnight - 1, midnight))
    assert before > 0
    assert before + after == 120
    assert today(expected, midnight + DAY_MS) == {}


def test_a_start_that_is_not_refused_is_a_fault_that_nobody_saw() -> None:
    def dies() -> None:
        raise PartFailed("hot died")

    assert refused(dies) == "hot died"
    with pytest.raises(AssertionError, match="though it must not"):
        refused(lambda: None)
