"""events.clean as bytes: what is written is what is read."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.clean import FIELDS, read_clean, write_clean
from headrace.domain.contract import read_event
from headrace.domain.events import KINDS, Event, ItemId, Person, Place
from headrace.errors import BadEvent

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
INT64 = st.integers(-(2**63), 2**63 - 1)
DEGREES = st.floats(-180, 180)

EVENTS = st.builds(
    Event,
    event_id=TEXT,
    kind=st.sampled_from(KINDS),
    person=TEXT.map(lambda text: Person("u:" + text)),
    occurred_at=INT64,
    received_at=INT64,
    late=st.booleans(),
    user_id=st.none() | TEXT,
    item_id=st.none() | TEXT.map(ItemId),
    value_milli=st.none() | INT64,
    query=st.none() | TEXT,
    place=st.none() | st.builds(Place, DEGREES, DEGREES),
    tz_offset_min=st.none() | st.integers(-1440, 1440),
    original=st.none() | TEXT,
)


@given(EVENTS)
def test_what_is_written_is_what_is_read(event: Event) -> None:
    assert read_clean(write_clean(event)) == event


def test_absent_fields_are_omitted_and_the_rest_stands_in_order_without_spaces() -> None:
    event = Event(
        event_id="e1",
        kind="view",
        person=Person("u:ü"),
        user_id="ü",
        item_id=ItemId("i1"),
        occurred_at=1,
        received_at=2,
        place=Place(51.5, -0.25),
    )
    assert write_clean(event).decode() == (
        '{"event_id":"e1","kind":"view","person":"u:ü","user_id":"ü","item_id":"i1","occurred_at":1,"received_at":2,'
        '"late":false,"place":{"lat":51.5,"lon":-0.25}}'
    )


def test_every_field_of_an_event_is_written() -> None:
    assert sorted(FIELDS) == sorted(field.name for field in fields(Event))


def test_a_clean_record_of_a_later_version_is_read_without_its_new_field() -> None:
    known = b'{"event_id":"e1","kind":"view","person":"u:1","occurred_at":1,"received_at":2,"late":false'
    assert read_clean(known + b',"colour":"red"}') == read_clean(known + b"}")


def test_events_of_two_versions_go_on_side_by_side_and_the_new_field_is_kept_with_its_text() -> None:
    first = b'{"event_id":"e1","kind":"view","user_id":"1","item_id":"i1","occurred_at":1700000000005}'
    second = first.replace(b'"e1"', b'"e2"')[:-1] + b',"colour":{"name":"red", "depth":1.50}}'
    events = [
        read_event(raw, 1_700_000_000_005, trust_received_at=False, allowed_lateness_ms=1)
        for raw in (first, second, first)
    ]
    kept = [read_clean(write_clean(event)).original for event in events]
    assert kept == [None, second.decode(), None]


def test_a_field_whose_type_changed_is_refused_by_name_whatever_else_is_new() -> None:
    raw = b'{"event_id":"e1","kind":"view","user_id":"1","item_id":"i1","occurred_at":"5","colour":"red"}'
    with pytest.raises(BadEvent, match="wrong_type: occurred_at"):
        read_event(raw, 5, trust_received_at=False, allowed_lateness_ms=1)
