"""The live session: what a person is doing now, out of the newest events. No windows, no stores, no own clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headrace.domain.events import SESSION_GAP_MS, UNKNOWN, Event

_MILLI = 1000


@dataclass(frozen=True, slots=True)
class Session:
    """Events in order of happening (ties: event_id) and what they add up to; late events are outside.

    events            oldest first; () where the last one is more than 30 min before the clock
    started_ms        of the first event; None without events; last_ms: of the last
    viewed            distinct items of view, click, dwell and watch events, newest first
    seen              item → number of events on it
    categories        category → number of events in it, "unknown" included
    kinds             kind → number of events, only kinds that occur
    price_*           of priced events in the world's currency, minor units; None without one
    dwell_ms, watch_ms  content type → time, "unknown" included
    skipped, unwanted distinct items skipped; distinct items hidden or disliked; newest first
    queries           search texts, newest first
    """

    session_id: str | None
    events: tuple[Event, ...]
    started_ms: int | None
    last_ms: int | None
    viewed: tuple[str, ...]
    seen: Mapping[str, int]
    categories: Mapping[str, int]
    kinds: Mapping[str, int]
    price_min: int | None
    price_max: int | None
    price_last: int | None
    dwell_ms: Mapping[str, int]
    watch_ms: Mapping[str, int]
    skipped: tuple[str, ...]
    unwanted: tuple[str, ...]
    queries: tuple[str, ...]

    @property
    def length_ms(self) -> int:
        """From the first event to the last; 0 without events."""
        return 0 if self.started_ms is None or self.last_ms is None else self.last_ms - self.started_ms


def merged(tail: Sequence[Event], context: Sequence[Event]) -> tuple[Event, ...]:
    """Both, each deduplication key once (the tail's copy), newest first; ties: event_id, descending."""
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
    return _summed(session_id, events, currency)


def _summed(session_id: str | None, newest_first: list[Event], currency: str) -> Session:
    priced = [
        event.price_minor
        for event in newest_first
        if event.price_minor is not None and event.currency in (None, currency)
    ]
    return Session(
        session_id=session_id,
        events=tuple(reversed(newest_first)),
        started_ms=newest_first[-1].occurred_at if newest_first else None,
        last_ms=newest_first[0].occurred_at if newest_first else None,
        viewed=_items(newest_first, "view", "click", "dwell", "watch"),
        seen=_counted([event.item_id for event in newest_first if event.item_id is not None]),
        categories=_counted([event.category or UNKNOWN for event in newest_first]),
        kinds=_counted([event.kind for event in newest_first]),
        price_min=min(priced, default=None),
        price_max=max(priced, default=None),
        price_last=priced[0] if priced else None,
        dwell_ms=_time(newest_first, "dwell"),
        watch_ms=_time(newest_first, "watch"),
        skipped=_items(newest_first, "skip"),
        unwanted=_items(newest_first, "hide", "dislike"),
        queries=tuple(event.query for event in newest_first if event.kind == "search" and event.query is not None),
    )


def _items(events: Sequence[Event], *kinds: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(event.item_id for event in events if event.item_id is not None and event.kind in kinds))


def _counted(names: Sequence[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return counts


def _time(events: Sequence[Event], kind: str) -> dict[str, int]:
    time: dict[str, int] = {}
    for event in events:
        if event.kind == kind and event.value_milli is not None:
            name = event.content_type or UNKNOWN
            time[name] = time.get(name, 0) + max(0, event.value_milli // _MILLI)
    return time
