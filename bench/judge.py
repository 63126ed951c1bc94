"""What the stores and tables hold of one log, judged by the tests' own oracle: plain loops over its records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from deltalake import DeltaTable
from tests.stream import oracle
from tests.stream.oracle import Record

from bench.tutorial_append import read_counters
from bench.verdict import Verdict, judge_rows, judge_totals
from headrace.domain.events import Event, Person
from headrace.domain.facts import COUNTS, FACTS, zero
from headrace.settings import Settings
from headrace.stores.blocking import run, stores
from headrace.stores.kafka import Outgoing
from headrace.stores.ports import Stores
from headrace.stream.finals import WINDOWS
from headrace.stream.ledger import LEDGER

CURRENCY: Final = "GBP"
WINDOW_KEY: Final = ("person", "category", "window_kind", "window_start", "window_end")
SESSION_KEY: Final = ("person", "session_id", "started_ms", "ended_ms")

Totals: TypeAlias = dict[tuple[str, str, int, str], list[int]]
"""(grain, owner, pane or hour, category) → facts, or one count."""


def people(log: Iterable[Record]) -> list[Person]:
    return sorted({record.event.person for record in log})


def panes_verdict(settings: Settings, log: Sequence[Record]) -> Verdict:
    """Panes of the log's people and items, and the counts of its partitions in its hours."""
    expected = oracle.panes(log, CURRENCY)
    totals = {key: facts for key, facts in expected.items() if key[0] != "partition"}
    counts = {key: [sum(facts[: len(COUNTS)])] for key, facts in expected.items() if key[0] == "partition"}
    hours = {key[2] for key in counts}

    async def read(of: Stores) -> tuple[Totals, Totals]:
        held: Totals = {}
        for grain, owner in sorted({key[:2] for key in totals}):
            panes = of.user_panes if grain == "user" else of.item_panes
            cells = await panes.since(owner, 0)
            held |= {(grain, owner, pane, category): facts.tolist() for (pane, category), facts in cells.items()}
        counted: Totals = {}
        for owner in sorted({key[1] for key in counts}):
            of_hours = await of.counts.of(owner)
            counted |= {("partition", owner, hour, ""): [n] for hour, n in of_hours.items() if hour in hours}
        return held, counted

    held, counted = run(read(stores(settings.cassandra, settings.keyspace)))
    return judge_totals(totals, held) + judge_totals(counts, counted)


def counters_verdict(settings: Settings, log: Sequence[Record]) -> Verdict:
    expected = {
        key: [sum(facts[: len(COUNTS)])] for key, facts in oracle.panes(log, CURRENCY).items() if key[0] != "partition"
    }
    owners: dict[str, set[str]] = {"user": set(), "item": set()}
    for grain, owner, _, _ in expected:
        owners[grain].add(owner)
    return judge_totals(expected, read_counters(settings, owners))


def table_verdict(settings: Settings, writer: str, log: Sequence[Record]) -> Verdict:
    if writer == LEDGER:
        return events_verdict(settings, "events", log)
    windows = writer == WINDOWS
    table, keys = ("user_windows", WINDOW_KEY) if windows else ("sessions", SESSION_KEY)
    recounted = oracle.windows(log, CURRENCY) if windows else oracle.sessions(log, CURRENCY)
    expected: dict[tuple[object, ...], object] = dict(recounted.items())
    return judge_rows(expected, _fact_rows(settings, table, keys, log))


def events_verdict(settings: Settings, table: str, log: Sequence[Record]) -> Verdict:
    columns = ("src", "person", "event_id", "occurred_at", "late")
    expected = {r.src: (r.event.person, r.event.event_id, r.event.occurred_at, r.event.late) for r in log}
    rows = _rows(settings, table, columns, log)
    return judge_rows(expected, [(str(src), tuple(values)) for src, *values in rows])


def _fact_rows(
    settings: Settings, table: str, keys: tuple[str, ...], log: Sequence[Record]
) -> list[tuple[tuple[object, ...], list[object]]]:
    rows = _rows(settings, table, (*keys, *FACTS), log)
    empty = zero().tolist()
    return [
        (
            tuple(row[: len(keys)]),
            [empty[place] if value is None else value for place, value in enumerate(row[len(keys) :])],
        )
        for row in rows
    ]


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


def session_rows_verdict(settings: Settings, log: Sequence[Record]) -> Verdict:
    expected = {
        (person, session, started): sum(facts[: len(COUNTS)])
        for (person, session, started, _), facts in oracle.sessions(log, CURRENCY).items()
    }

    async def read(of: Stores) -> list[tuple[tuple[str, str, int], object]]:
        rows = [row for person in people(log) for row in await of.sessions.newest(person, 10_000)]
        return [((str(r.person), r.session_id, r.started_ms), json.loads(r.features)["n_events"]) for r in rows]

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
