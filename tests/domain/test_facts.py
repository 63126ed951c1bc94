from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.events import Event, Person
from headrace.domain.facts import (
    FACTS,
    PLACE_OF,
    facts_of,
    has_price,
    merge,
    merge_all,
    pack,
    pack_rows,
    rows_of_entries,
    tz_offset_of,
    unpack,
    unpack_entries,
    zero,
)

int64s = st.integers(-(2**63), 2**63 - 1)
rows = st.lists(int64s | st.just(0), min_size=len(FACTS), max_size=len(FACTS)).map(
    lambda row: np.array([*row[:-1], row[-1] & 2**63 - 1], np.int64)  # a word of a place is never negative
)


def event(kind, **fields):
    return Event(event_id="e", kind=kind, person=Person("u:1"), occurred_at=1, received_at=1, **fields)


def named(facts):
    return {name: int(facts[place]) for name, place in PLACE_OF.items() if facts[place] != zero()[place]}


def test_an_event_counts_once_for_its_kind_and_its_value_goes_where_the_kind_says():
    assert named(facts_of(event("view"), "GBP")) == {"n_view": 1}
    assert named(facts_of(event("dwell", value_milli=2_500_999), "GBP")) == {"n_dwell": 1, "dwell_ms": 2_500}
    assert named(facts_of(event("purchase", value_milli=1_500), "GBP")) == {"n_purchase": 1, "quantity_milli": 1_500}
    assert named(facts_of(event("view", value_milli=7), "GBP")) == {"n_view": 1}


def test_price_facts_cover_the_worlds_currency_and_events_that_name_none():
    pounds = {"n_cart": 1, "price_n": 1, "price_sum": 199, "price_min": 199, "price_max": 199}
    assert named(facts_of(event("cart", price_minor=199, currency="GBP"), "GBP")) == pounds
    assert named(facts_of(event("cart", price_minor=199), "GBP")) == pounds
    assert named(facts_of(event("cart", price_minor=199, currency="EUR"), "GBP")) == {"n_cart": 1}


def test_the_greatest_offset_of_local_time_that_was_told_is_kept_and_none_is_none():
    west, east, silent = (facts_of(event("view", tz_offset_min=offset), "GBP") for offset in (-300, 60, None))
    assert [tz_offset_of(merge_all(parts)) for parts in ([west, east, silent], [silent, west], [silent], [])] == [
        60,
        -300,
        None,
        None,
    ]


def test_a_price_of_nothing_is_a_price():
    free = facts_of(event("cart", price_minor=0), "GBP")
    assert has_price(free)
    assert (unpack(pack(free))[PLACE_OF["price_min"]], unpack(pack(free))[PLACE_OF["price_max"]]) == (0, 0)


@given(st.lists(rows, max_size=4), rows)
def test_merging_does_not_care_about_grouping_or_order(parts, last):
    together = merge_all([*parts, last])
    assert merge_all([last, *reversed(parts)]).tolist() == together.tolist()
    assert merge(merge_all(parts), last).tolist() == together.tolist()
    assert merge(last, zero()).tolist() == last.tolist()


@given(rows)
def test_packing_loses_nothing(facts):
    assert unpack(pack(facts)).tolist() == facts.tolist()


@given(st.lists(rows | st.just(zero()), max_size=5))
def test_packing_many_rows_equals_packing_each(many):
    stacked = np.array(many, np.int64).reshape(len(many), len(FACTS))
    assert pack_rows(stacked) == [pack(row) for row in many]


@given(st.lists(rows | st.just(zero()), max_size=5))
def test_unpacking_many_rows_gives_each_its_own(many):
    assert rows_of_entries(unpack_entries([pack(row) for row in many])).tolist() == [row.tolist() for row in many]


@pytest.mark.parametrize("broken", [b"", b"\x01\x00", b"\x01" + bytes([len(FACTS)]) + bytes(8)])
def test_bytes_that_packing_does_not_make_are_refused(broken):
    with pytest.raises(ValueError, match="packed facts"):
        unpack(broken)


def test_another_version_is_refused():
    with pytest.raises(ValueError, match="version 2"):
        unpack(b"\x02")
