from __future__ import annotations

from collections import Counter

from bench.crowd import Crowd, pane_keys

from headrace.domain.clean import read_clean, write_clean
from headrace.domain.panes import PANE_MS

FROM_MS, SPAN_MS = 1_700_000_000_000, 1_800_000


def crowd(seed=1, skew="uniform", count=4_000):
    return Crowd.of(count, seed, FROM_MS, SPAN_MS, skew)


def test_every_event_lies_in_the_span_in_order_and_has_an_id_of_its_own():
    events = list(crowd().events())
    moments = [event.occurred_at for event in events]
    assert moments == sorted(moments)
    assert moments[0] >= FROM_MS
    assert moments[-1] < FROM_MS + SPAN_MS
    assert len({event.event_id for event in events}) == len(events) == 4_000


def test_a_seed_is_one_crowd_and_another_is_another():
    assert list(crowd(1).events()) == list(crowd(1).events())
    assert list(crowd(1).events()) != list(crowd(2).events())


def test_half_of_a_skewed_crowd_is_one_person_or_one_item():
    (_, of_person), *_ = Counter(event.person for event in crowd(skew="person").events()).most_common(1)
    (_, on_item), *_ = Counter(crowd(skew="item").item.tolist()).most_common(1)
    (_, uniform), *_ = Counter(event.person for event in crowd().events()).most_common(1)
    assert 0.45 < of_person / 4_000 < 0.55
    assert 0.45 < on_item / 4_000 < 0.55
    assert uniform / 4_000 < 0.05


def test_its_events_are_ones_that_ingest_could_have_written():
    for event in crowd(count=200).events():
        assert read_clean(write_clean(event)) == event
        assert (event.item_id is None) == (event.kind == "search")
        assert not event.late


def test_pane_keys_are_the_distinct_owners_panes_and_categories_of_all_crowds_together():
    crowds = [crowd(1), crowd(2), crowd(1)]
    seen = set()
    for event in (event for each in crowds for event in each.events()):
        pane = event.occurred_at // PANE_MS
        seen.add((event.person, pane, event.category))
        if event.item_id is not None:
            seen.add((event.item_id, pane, event.category))
    assert pane_keys(crowds) == len(seen)
