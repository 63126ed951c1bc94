"""What the stream must come to: plain loops over the records of events.clean. Slow and obvious on purpose."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from headrace.domain.events import SESSION_GAP_MS, Event
from headrace.domain.facts import FACTS, Facts, facts_of, item_facts_of, merge_all
from headrace.domain.summary import Summary, summary_of

OFFSET = FACTS.index("tz_offset_max")


@dataclass(frozen=True)
class Record:
    """One record of events.clean of a single partition, in its place in the log."""

    event: Event
    src: str
    src_ms: int


def counted(log: Iterable[Record]) -> list[Record]:
    firsts = {}
    for record in log:
        if not record.event.late:
            firsts.setdefault(record.event.key, record)
    return list(firsts.values())


def panes(log: Iterable[Record], currency: str) -> dict[tuple[str, str, int, str, str], list[int]]:
    """(grain, owner, pane, category, content type) → facts."""
    groups = defaultdict(list)
    for record in counted(log):
        event, (person, *cell) = record.event, cell_of(record.event)
        generation, partition, _ = record.src.split(":")
        hour = record.src_ms // 3_600_000 * 3_600_000
        groups["user", person, *cell].append(facts_of(event, currency))
        if event.kind == "search" and event.query is not None:
            groups["user", person, cell[0], event.query, ""].append(facts_of(event, currency))
        groups["partition", f"{generation}:{partition}", hour, "", ""].append(placeless(event, currency))
        if event.item_id is not None:
            groups["item", event.item_id, *cell].append(item_facts_of(event, currency))
    return _merged(groups)


def placeless(event: Event, currency: str) -> Facts:
    """Windows and counts do not tell where."""
    return facts_of(replace(event, place=None), currency)


def cell_of(event: Event) -> tuple[str, int, str, str]:
    """(person, pane, category, content type)."""
    pane = event.occurred_at // 300_000 * 300_000
    return event.person, pane, event.category or "unknown", event.content_type or "unknown"


def windows(log: Iterable[Record], currency: str) -> dict[tuple[str, str, str, str, int, int], list[int]]:
    """(person, category, content type, kind, start, end) → facts: every window of an event, by asking each event.

    The local day is that of the event's pane: midnight by the greatest offset that an event of the pane tells.
    """
    events = [record.event for record in counted(log)]
    offset_ms: dict[tuple[str, int, str, str], int] = {}
    for event in events:
        if event.tz_offset_min is not None:
            cell, told_ms = cell_of(event), event.tz_offset_min * 60_000
            offset_ms[cell] = max(offset_ms.get(cell, told_ms), told_ms)
    groups = defaultdict(list)
    for event in events:
        at, (person, pane, *names) = event.occurred_at, cell_of(event)
        if (ahead := offset_ms.get(cell_of(event))) is not None:
            midnight = (pane + ahead) // 86_400_000 * 86_400_000 - ahead
            groups[person, *names, "1d_local", midnight, midnight + 86_400_000].append(placeless(event, currency))
        for kind, length, step in (
            ("5m", 300_000, 300_000),
            ("1h", 3_600_000, 300_000),
            ("1d", 86_400_000, 86_400_000),
        ):
            newest = at // step * step
            for start in range(newest, newest - length, -step):
                if start <= at < start + length:
                    groups[person, *names, kind, start, start + length].append(placeless(event, currency))
    return _merged(groups)


def sessions(log: Iterable[Record], currency: str) -> dict[tuple[str, str, int, int], Summary]:
    """(person, session or "", first event, last event) → what it adds up to."""
    by_key = defaultdict(list)
    for record in counted(log):
        by_key[record.event.person, record.event.session_id or ""].append(record.event)
    found = {}
    for (person, session), events in by_key.items():
        runs: list[list[Event]] = []
        for event in sorted(events, key=lambda each: each.occurred_at):
            if not runs or event.occurred_at - runs[-1][-1].occurred_at > SESSION_GAP_MS:
                runs.append([])
            runs[-1].append(event)
        for run in runs:
            found[person, session, run[0].occurred_at, run[-1].occurred_at] = summary_of(session, run, currency)
    return found


def _merged(groups: dict[tuple, list[Facts]]) -> dict[tuple, list[int]]:
    return {key: merge_all(parts).tolist() for key, parts in groups.items()}
