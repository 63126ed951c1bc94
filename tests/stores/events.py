"""Events for tests of stores and of live, one line each."""

from headrace.domain.events import Event, ItemId, Person, Place


def view(person: str, event_id: str, occurred_at: int, item: str = "i1", received_at: int | None = None) -> Event:
    """A view with few fields, received when it occurred unless told otherwise."""
    return Event(
        event_id=event_id,
        kind="view",
        person=Person(person),
        occurred_at=occurred_at,
        received_at=occurred_at if received_at is None else received_at,
        item_id=ItemId(item),
    )


EVERY_FIELD = Event(
    event_id="e1",
    kind="rating",
    person=Person("u:17841"),
    occurred_at=1_700_000_000_000,
    received_at=1_700_000_000_250,
    late=True,
    user_id="17841",
    session_id="s9",
    item_id=ItemId("85123A"),
    value_milli=4_500,
    price_minor=255,
    currency="GBP",
    category="lights|indoor",
    content_type="product",
    query='weißes Herz ♥ "quoted" \\ \u0000',
    device="phone",
    place=Place(lat=51.5, lon=-0.125),
    tz_offset_min=-60,
    request_id="r1",
    position=3,
    original='{"unknown": [1, 2]}',
)
