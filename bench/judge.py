"""What the stores and tables hold of one log, judged by the tests' own oracle: plain loops over its records."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Final, TypeAlias

from deltalake import DeltaTable
from tests.stream import oracle
from tests.stream.oracle import Record
from tests.trends.oracle import slow_trends

from bench.tutorial_append import read_counters
from bench.verdict import Verdict, judge_rows, judge_totals
from headrace.domain.events import Event, Person
from headrace.domain.facts import COUNTS, PERSON_FACTS, zero
from headrace.domain.summary import Summary
from headrace.domain.trend_lists import unpack
from headrace.domain.trends import Trends
from headrace.domain.whereabouts import SEARCHED
from headrace.settings import Settings
from headrace.stores.blocking import run, stores
from headrace.stores.kafka import Outgoing
from headrace.stores.ports import Stores
from headrace.stream.finals import WINDOWS
from headrace.stream.ledger import LEDGER

CURRENCY: Final = "GBP"
WINDOW_KEY: Final = ("person", "category", "content_type", "window_kind", "window_start", "window_end")
SESSION_KEY: Final = ("person", "session_id", "started_ms", "ended_ms")
MAPS: Final = ("categories", "dwell_by_type", "watch_by_type")

Panes: TypeAlias = dict[tuple[str, str, int, str, str], list[int]]
"""(grain, owner, pane or hour, category, content type) → facts, or one count."""


def people(log: Iterable[Record]) -> list[Person]:
    return sorted({record.event.person for record in log})


def panes_verdict(settings: Settings, log: Sequence[Record]) -> Verdict:
    """Panes of the log's people and items, and the counts of its partitions in its hours."""
    expected = oracle.panes(log, CURRENCY)
    totals = {key: facts for key, facts in expected.items() if key[0] != "partition"}
    counts = {key: [sum(facts[: len(COUNTS)])] for key, facts in expected.items() if key[0] == "partition"}
    hours = {key[2] for key in counts}

    async def read(of: Stores) -> tuple[Panes, Panes]:
        held: Panes = {}
        for grain, owner in sorted({key[:2] for key in totals}):
            panes = of.user_panes if grain == "user" else of.item_panes
            cells = await panes.since(owner, 0)
            held |= {(grain, owner, *cell): facts.tolist() for cell, facts in cells.items()}
        counted: Panes = {}
        for owner in sorted({key[1] for key in counts}):
            of_hours = await of.counts.of(owner)
            counted |= {("partition", owner, hour, "", ""): [n] for hour, n in of_hours.items() if hour in hours}
        return held, counted

    held, counted = run(read(stores(settings.cassandra, settings.keyspace)))
    return judge_totals(totals, held) + judge_totals(counts, counted)


def counters_verdict(settings: Settings, log: Sequence[Record]) -> Verdict:
    counts: Counter[tuple[str, str, int, str]] = Counter()
    owners: dict[str, set[str]] = {"user": set(), "item": set()}
    for (grain, owner, pane, category, content_type), facts in oracle.panes(log, CURRENCY).items():
        if grain != "partition" and content_type != SEARCHED:  # the tutorial's windows know no queries
            counts[grain, owner, pane, category] += sum(facts[: len(COUNTS)])
            owners[grain].add(owner)
    return judge_totals({key: [n] for key, n in counts.items()}, read_counters(settings, owners))


def table_verdict(settings: Settings, writer: str, log: Sequence[Record]) -> Verdict:
    if writer == LEDGER:
        return events_verdict(settings, "events", log)
    if writer == WINDOWS:
        return windows_verdict(settings, log)
    return sessions_verdict(settings, log)


def windows_verdict(settings: Settings, log: Sequence[Record]) -> Verdict:
    empty, places = zero().tolist(), len(PERSON_FACTS)
    held: list[tuple[tuple[object, ...], object]] = []
    for row in _rows(settings, "user_windows", (*WINDOW_KEY, *PERSON_FACTS), log):
        key, facts = row[: len(WINDOW_KEY)], row[len(WINDOW_KEY) :]
        told = [none if value is None else value for value, none in zip(facts, empty[:places], strict=True)]
        held.append((tuple(key), [*told, *empty[places:]]))
    expected: dict[tuple[object, ...], object] = dict(oracle.windows(log, CURRENCY).items())
    return judge_rows(expected, held)


def sessions_verdict(settings: Settings, log: Sequence[Record]) -> Verdict:
    """Every column of a session's row, as its summary has it as JSON."""
    names = tuple(each.name for each in fields(Summary) if each.name not in ("totals", *SESSION_KEY))
    held: list[tuple[tuple[object, ...], object]] = []
    for row in _rows(settings, "sessions", (*SESSION_KEY, *names, *PERSON_FACTS), log):
        told = dict(zip((*SESSION_KEY, *names, *PERSON_FACTS), row, strict=True))
        columns = {name: _as_map(told[name]) if name in MAPS else told[name] for name in names}
        totals = {name: told[name] for name in PERSON_FACTS}
        held.append((tuple(told[name] for name in SESSION_KEY), columns | {"totals": totals}))
    expected: dict[tuple[object, ...], object] = {}
    for of, summary in oracle.sessions(log, CURRENCY).items():
        features = as_features(summary)
        expected[of] = {name: features[name] for name in (*names, "totals")}
    return judge_rows(expected, held)


def events_verdict(settings: Settings, table: str, log: Sequence[Record]) -> Verdict:
    columns = ("src", "person", "event_id", "occurred_at", "late")
    expected = {r.src: (r.event.person, r.event.event_id, r.event.occurred_at, r.event.late) for r in log}
    rows = _rows(settings, table, columns, log)
    return judge_rows(expected, [(str(src), tuple(values)) for src, *values in rows])


def _rows(settings: Settings, table: str, columns: Sequence[str], log: Sequence[Record]) -> list[list[object]]:
    """Rows of the log's people, read without a JVM."""
    of = DeltaTable(settings.table(table)).to_pyarrow_table(
        columns=list(columns), filters=[("person", "in", [str(person) for person in people(log)])]
    )
    return [list(row.values()) for row in of.to_pylist()]


def archive_verdict(settings: Settings, table: str, records: Sequence[Outgoing]) -> Verdict:
    """Each record of a topic once in its table, under its key and with its bytes."""
    key, value = {"rejected": ("src", "raw"), "decisions": ("request_id", "record")}[table]
    expected = {(record.key or b"").decode(): record.value for record in records}
    rows = DeltaTable(settings.table(table)).to_pyarrow_table(columns=[key, value], filters=[(key, "in", [*expected])])
    return judge_rows(expected, [(row[key], row[value]) for row in rows.to_pylist()])


def _as_map(pairs: object) -> dict[object, object]:
    """Arrow gives a map as a list of pairs."""
    assert isinstance(pairs, list)
    return dict(pairs)


def as_features(summary: Summary) -> dict[str, object]:
    """A summary as Cassandra has it, in JSON; a session without a name has null for it there."""
    tree: dict[str, object] = json.loads(json.dumps(asdict(summary)))
    return tree | {"session_id": summary.session_id or None}


def session_rows_verdict(settings: Settings, log: Sequence[Record]) -> Verdict:
    expected = {key[:3]: as_features(summary) for key, summary in oracle.sessions(log, CURRENCY).items()}

    async def read(of: Stores) -> list[tuple[tuple[str, str, int], object]]:
        rows = [row for person in people(log) for row in await of.sessions.newest(person, 10_000)]
        return [((str(r.person), r.session_id, r.started_ms), json.loads(r.features)) for r in rows]

    return judge_rows(expected, run(read(stores(settings.cassandra, settings.keyspace))))


def live_verdict(settings: Settings, log: Sequence[Record], decisions: Mapping[str, bytes]) -> Verdict:
    firsts: dict[tuple[str, str, int], Event] = {}
    for record in log:
        firsts.setdefault(record.event.key, record.event)

    async def read(of: Stores) -> tuple[list[tuple[tuple[str, str, int], object]], list[tuple[str, bytes]]]:
        tails = [event for person in people(log) for event in await of.tails.newest(person, 10_000)]
        held = [(name, value) for name in decisions if (value := await of.decisions.get(name)) is not None]
        return [(event.key, event) for event in tails], held

    tails, held = run(read(stores(settings.cassandra, settings.keyspace)))
    return judge_rows(firsts, tails) + judge_rows(decisions, held)


def trends_verdict(settings: Settings, log: Sequence[Record]) -> Verdict:
    """The published lists against those of a plain loop, and the moment for which they are."""
    events = [record.event for record in log]
    clock_ms = max(event.received_at for event in events)
    found = run(stores(settings.cassandra, settings.keyspace).trends.lists())
    held = {} if found is None else _as_rows(unpack(found[1]), found[0].clock_ms)
    return judge_rows(_as_rows(slow_trends(events, clock_ms), clock_ms), held.items())


def _as_rows(trends: Trends, clock_ms: int) -> dict[tuple[str, ...], object]:
    rows: dict[tuple[str, ...], object] = dict(trends.lists.items())
    rows.update(((window, "rate"), rate) for window, rate in trends.rates.items())
    rows["clock",] = clock_ms
    return rows
