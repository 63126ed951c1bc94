"""The live session: what a person is doing now, out of the newest events. No windows, no stores, no own clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import gt

from headrace.domain.events import SESSION_GAP_MS, Event
from headrace.domain.summary import prices_of, time_by_type


@dataclass(frozen=True, slots=True)
class Session:
    """Events in order of happening (ties: event_id); late ones are outside. What ranking reads is counted when asked.

    Everything else that they say is `summary_of` them (summary.py), as of a finished session.

    events    oldest first; () where the last one is more than 30 min before the clock
    currency  the world's: prices in others are not looked at
    """

    session_id: str | None
    events: tuple[Event, ...]
    currency: str

    @property
    def prices(self) -> Sequence[int]:
        """Of priced events in the world's currency, minor units, oldest first."""
        return prices_of(self.events, self.currency)

    @property
    def dwell_ms(self) -> Mapping[str, int]:
        """Content type → time, "unknown" included."""
        return time_by_type(self.events, "dwell")

    @property
    def watch_ms(self) -> Mapping[str, int]:
        """Content type → time, "unknown" included."""
        return time_by_type(self.events, "watch")


def merged(tail: Sequence[Event], context: Sequence[Event]) -> tuple[Event, ...]:
    """Both, each deduplication key once (the tail's copy), newest first; ties: event_id, descending."""
    moments = [(event.occurred_at, event.event_id) for event in tail]
    if not context and all(map(gt, moments, moments[1:])):  # as a store hands it out: in order, so each once
        return tuple(tail)
    # Event.key, written out: it is asked for every event of every request.
    once = {(event.person, event.event_id, event.occurred_at): event for event in (*context, *tail)}
    return tuple(sorted(once.values(), key=lambda event: (event.occurred_at, event.event_id), reverse=True))


def live_session(newest_first: Sequence[Event], clock: int, currency: str, session_id: str | None = None) -> Session:
    """The session that is open at `clock`: of `session_id`, else of whatever session the newest event has.

    Its key is (person, session_id or none); more than 30 min between two of its events split it, whether it has an
    id or not, and a last event more than 30 min ago closed it. `newest_first` is one person's, from `merged`.
    """
    in_time = [event for event in newest_first if not event.late]
    if session_id is None and in_time:
        session_id = in_time[0].session_id
    events: list[Event] = []
    after = clock
    for event in in_time:
        if event.session_id != session_id:
            continue
        if after - event.occurred_at > SESSION_GAP_MS:
            break
        events.append(event)
        after = event.occurred_at
    return Session(session_id, tuple(reversed(events)), currency)
