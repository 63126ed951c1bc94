import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.clean import read_clean, write_clean
from headrace.domain.events import KINDS, Event, ItemId, Person, Place
from headrace.errors import BadEvent
from headrace.stores.event_json import read_event
from tests.stores.events import EVERY_FIELD, view

INT64 = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
MAYBE = st.none() | TEXT
DEGREES = st.floats(-180, 180)
EVENTS = st.builds(
    Event,
    event_id=TEXT,
    kind=st.sampled_from(KINDS),
    person=TEXT.map(Person),
    occurred_at=INT64,
    received_at=INT64,
    late=st.booleans(),
    user_id=MAYBE,
    session_id=MAYBE,
    item_id=st.none() | TEXT.map(ItemId),
    value_milli=st.none() | INT64,
    price_minor=st.none() | INT64,
    currency=MAYBE,
    category=MAYBE,
    content_type=MAYBE,
    query=MAYBE,
    device=MAYBE,
    place=st.none() | st.builds(Place, lat=DEGREES, lon=DEGREES),
    tz_offset_min=st.none() | INT64,
    request_id=MAYBE,
    position=st.none() | INT64,
    original=MAYBE,
)


@given(event=EVENTS)
def test_the_fast_reader_reads_what_the_law_reads(event: Event) -> None:
    value = write_clean(event)
    assert read_event(value) == read_clean(value) == event


def test_whole_degrees_are_degrees() -> None:
    assert read_event(write_clean(EVERY_FIELD).replace(b"51.5", b"51")).place == Place(lat=51.0, lon=-0.125)


def test_a_field_of_a_later_version_is_passed_over() -> None:
    value = write_clean(view("u:1", "a", 5)).replace(b'"late"', b'"later_field":1,"late"')
    assert read_event(value) == view("u:1", "a", 5)


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b"{}", b'"x"', b"\xff", b'{"event_id":1}'])
def test_what_is_no_clean_event_is_refused(value: bytes) -> None:
    with pytest.raises(BadEvent, match="not_clean"):
        read_event(value)
