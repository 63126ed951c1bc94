"""Where and when a person is: as the request says, else their newest event, else their newest pane. No reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headrace.cells import cell_of
from headrace.domain.events import Event, Place
from headrace.domain.facts import Facts
from headrace.domain.here import Here, local_time
from headrace.domain.pane_table import table_of
from headrace.domain.panes import PaneKey
from headrace.domain.whereabouts import newest_offset, newest_place
from headrace.serve.wire import ContextBody


def here_of(context: ContextBody, events: Sequence[Event], panes: Mapping[PaneKey, Facts], clock: int) -> Here:
    """`events` are the person's newest, in any order; of equal times the greater event_id counts."""
    if context.place is not None:
        place: Place | None = Place(context.place.lat, context.place.lon)
    else:
        placed = [event for event in events if event.place is not None]
        place = max(placed, key=_moment).place if placed else newest_place(table_of(panes))
    cell, parent = (None, None) if place is None else cell_of(place)
    if context.local_time is not None:
        return Here(cell, parent, context.local_time.hour, context.local_time.weekday())
    told = [event for event in events if event.tz_offset_min is not None]
    offset = max(told, key=_moment).tz_offset_min if told else newest_offset(table_of(panes))
    hour, weekday = (None, None) if offset is None else local_time(clock, offset)
    return Here(cell, parent, hour, weekday)


def _moment(event: Event) -> tuple[int, str]:
    return event.occurred_at, event.event_id
