"""Where and when a person is: as the request says, else as the newest event, else as the newest pane. No reading."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.cells import cell_of
from headrace.domain.events import Event, Place
from headrace.domain.here import Here, local_time
from headrace.serve.wire import ContextBody


def here_of(context: ContextBody, events: Sequence[Event], clock: int) -> Here:
    """`events` are the person's newest, in any order; of equal times the greater event_id counts."""
    place = None if context.place is None else Place(context.place.lat, context.place.lon)
    if place is None:
        told = [event for event in events if event.place is not None]
        place = max(told, key=_moment).place if told else None
    cell, parent = (None, None) if place is None else cell_of(place)
    if context.local_time is not None:
        return Here(cell, parent, context.local_time.hour, context.local_time.weekday())
    offsets = [event for event in events if event.tz_offset_min is not None]
    offset = max(offsets, key=_moment).tz_offset_min if offsets else None
    hour, weekday = (None, None) if offset is None else local_time(clock, offset)
    return Here(cell, parent, hour, weekday)


def _moment(event: Event) -> tuple[int, str]:
    return event.occurred_at, event.event_id
