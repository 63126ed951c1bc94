"""The live session: what a person is doing now, out of the newest events. No windows, no stores, no own clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import gt

from headrace.domain.events import SESSION_GAP_MS, UNKNOWN, Event

_MILLI = 1000


@dataclass(frozen=True, slots=True)
class Session:
    """Events in order of happening (ties: event_id); late ones are outside. What they add up to is counted when asked.

    events    oldest first; () where the last one is more than 30 min before the clock
    currency  the world's: prices in others are not looked at
    """

    session_id: str | None
    events: tuple[Event, ...]
    currency: str

    @property
    def started_ms(self) -> int | None:
        """When the first event happened; None without events."""
        return self.events[0].occurred_at if self.events else None

    @property
    def last_ms(self) -> int | None:
        """When the last one did."""
        return self.events[-1].occurred_at if self.events else None

    @property
    def length_ms(self) -> int:
        """From the first event to the last; 0 without events."""
        return self.events[-1].occurred_at - self.events[0].occurred_at if self.events else 0

    @property
    def viewed(self) -> tuple[str, ...]:
        """Distinct items of view, click, dwell and watch events, newest first."""
        return self._items("view", "click", "dwell", "watch")

    @property
    def seen(self) -> Mapping[str, int]:
        """Item → number of events on it."""
        return Counter([event.item_id for event in self.events if event.item_id is not None])

    @property
    def categories(self) -> Mapping[str, int]:
        """Category → number of events in it, "unknown" included."""
        return Counter([event.category or UNKNOWN for event in self.events])

    @property
    def kinds(self) -> Mapping[str, int]:
        """Kind → number of events, only kinds that occur."""
        return Counter([event.kind for event in self.events])

    @property
    def prices(self) -> tuple[int, ...]:
        """Of priced events in the world's currency, minor units, oldest first."""
        ours = (None, self.currency)
        return tuple(
            [event.price_minor for event in self.events if event.price_minor is not None and event.currency in ours]
        )

    @property
    def dwell_ms(self) -> Mapping[str, int]:
        """Content type → time, "unknown" included."""
        return self._time("dwell")

    @property
    def watch_ms(self) -> Mapping[str, int]:
        """Content type → time, "unknown" included."""
        return self._time("watch")

    @property
    def skipped(self) -> tuple[str, ...]:
        """Distinct items skipped, newest first."""
        return self._items("skip")

    @property
    def unwanted(self) -> tuple[str, ...]:
        """Distinct items hidden or disliked, newest first."""
        return self._items("hide", "dislike")

    @property
    def queries(self) -> tuple[str, ...]:
        """Search texts, newest first."""
        return tuple(
            event.query for event in reversed(self.events) if event.kind == "search" and event.query is not None
        )

    def _items(self, *kinds: str) -> tuple[str, ...]:
        items = [event.item_id for event in reversed(self.events) if event.kind in kinds and event.item_id is not None]
        return tuple(dict.fromkeys(items))

    def _time(self, kind: str) -> dict[str, int]:
        time: dict[str, int] = {}
        for event in self.events:
            if event.kind == kind and event.value_milli is not None:
                name = event.content_type or UNKNOWN
                time[name] = time.get(name, 0) + max(0, event.value_milli // _MILLI)
        return time


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
