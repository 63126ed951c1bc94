"""A small stack to break from outside: its world, its records, what must come of them, and how a part of it is hurt.

Which faults there are and what is expected of each: process_faults.py.
"""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import psutil
from deltalake import DeltaTable
from tests.end_to_end.story import LATENESS_MS, Expected, Sent, chapter, good, oracle
from tests.stream.oracle import Record

from bench.judge import session_rows_verdict, sessions_verdict, windows_verdict
from bench.verdict import Verdict, judge_rows, judge_totals
from headrace.domain.contract import read_event
from headrace.domain.events import Person
from headrace.domain.facts import COUNTS
from headrace.domain.panes import DAY_MS, HOUR_MS
from headrace.errors import BadEvent, PartFailed
from headrace.local.checkout import CONF
from headrace.local.drain import wait_until_drained
from headrace.local.process import recorded
from headrace.local.stack import down, parts_of, up
from headrace.settings import Settings
from headrace.stores.blocking import run, stores
from headrace.stores.kafka import Outgoing, close_producer, open_producer, send_all
from headrace.stores.ports import Stores
from headrace.watch.account import account
from headrace.watch.account_inputs import read_inputs

WORLD: Final = "main"
GONE_S: Final = 30.0
ANSWERS_S: Final = 60.0
EVENTS_APART: Final = 1_000
CLOSED_S: Final = 300.0
SETTLED_S: Final = 30.0  # three triggers of the finals: what comes a second time has come by then
BEHIND_MS: Final = DAY_MS + 3 * HOUR_MS
"""How long ago the chapters happen: an event of now is a day, state horizon and all behind the end of their windows."""

IN_THE_PAST: Final = {
    "HEADRACE__WORLD__CLOCK": "stream",
    "HEADRACE__WORLD__TRUST_RECEIVED_AT": "true",
    "HEADRACE__SPARK__FINALS_TRIGGER": "10 seconds",
}
"""The environment of a stack that is broken: its world is as old as its events say."""

Panes: TypeAlias = dict[tuple[str, int, str, str], list[int]]
"""(person or item, pane, category, content type) → facts."""


@dataclass(slots=True)
class Stack:
    """`settings` are of the world whose programs run; `chapters` counts what was told, each of people of its own.

    now_ms  when the newest chapter happened
    log     the events of all of them, in the order in which they were told
    """

    settings: Settings
    chapters: int = 0
    now_ms: int = 0
    log: list[Record] = field(default_factory=list)

    def up(self, forgotten: Sequence[str] = ()) -> None:
        """Start what does not run. Raises PartFailed with the last words of a part that refuses."""
        up(CONF, None, WORLD, (), servers_only=False, say=_quiet, forgotten=forgotten)

    def down(self) -> None:
        """Stop the programs, not the servers."""
        down(self.settings, CONF, (WORLD,), servers=False, say=_quiet)

    def pid(self, part: str) -> int:
        """The leader of a part's processes. Raises PartFailed where it does not run."""
        found = next(each for each in parts_of(self.settings, CONF) if each.name == part)
        record = recorded(found.pid_file)
        if record is None or not record.alive():
            raise PartFailed(f"{part} does not run")
        return record.pid

    def kill(self, part: str) -> None:
        """SIGKILL, and gone: what is still dying would be taken for running."""
        process = psutil.Process(self.pid(part))
        process.kill()
        process.wait(GONE_S)

    def kill_worker(self, part: str) -> None:
        """One Python worker of a Spark job, as soon as there is one."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            daemons = [each for each in _descendants(self.pid(part)) if "pyspark.daemon" in _command(each)]
            workers = [each for each in daemons if each.ppid() in {daemon.pid for daemon in daemons}]
            if workers:
                workers[0].kill()
                return
            time.sleep(0.02)
        raise PartFailed(f"{part} has no Python worker")

    def pause(self, part: str, seconds: float, share: float = 1.0) -> None:
        """Keep a server from running for `share` of each tenth of a second."""
        pid, until = self.pid(part), time.monotonic() + seconds
        while time.monotonic() < until:
            os.kill(pid, signal.SIGSTOP)
            time.sleep(seconds if share == 1.0 else 0.1 * share)
            os.kill(pid, signal.SIGCONT)
            time.sleep(0.1 * (1 - share))

    def chapter(self) -> tuple[list[Sent], Expected]:
        """Good, repeated, late, future, bad and silent records of people and items of this chapter's own."""
        self.chapters += 1
        self.now_ms = time.time_ns() // 1_000_000 - BEHIND_MS
        story = chapter(self.chapters * EVENTS_APART, self.now_ms)
        told = [retold(each, self.chapters, self.now_ms) for each in story]
        self.log += records_of(told, self.now_ms)
        return told, oracle(told, self.now_ms)

    def send(self, records: Collection[Sent]) -> None:
        producer = open_producer(self.settings.kafka)
        topic = self.settings.topic("events.raw")
        send_all(producer, [Outgoing(topic, each.key, each.raw) for each in records], 30_000)
        close_producer(producer, 10)

    def drain(self) -> None:
        """Wait until everything that was sent is through. Raises PartFailed when nothing moves any more.

        Some programs take a moment to find out that a fault ends them: they are started again, as a supervisor does.
        """
        wait_until_drained(self.settings, time.monotonic, time.sleep, lambda _: self._revive())

    def _revive(self) -> None:
        records = [recorded(part.pid_file) for part in parts_of(self.settings, CONF)]
        if not all(record is not None and record.alive() for record in records):
            self.up()

    def judge(self, expected: Expected) -> Verdict:
        """Ledger, panes, tails, the API's answers, and the account: everything that these people should have."""
        ledger = DeltaTable(self.settings.table("events")).to_pyarrow_table(
            columns=["src", "person", "event_id", "occurred_at"],
            filters=[("person", "in", sorted(expected.tails))],
        )
        # A killed ingest writes its open batch again: such a row bears the same src, and readers count distinct ones.
        by_src = {row["src"]: (row["person"], row["event_id"], row["occurred_at"]) for row in ledger.to_pylist()}
        clean = Counter(by_src.values())
        verdict = Verdict(lost=(expected.clean - clean).total(), twice=(clean - expected.clean).total())
        users, items, tails = run(self._read(stores(self.settings.cassandra, self.settings.keyspace), expected))
        verdict += judge_totals(expected.user_panes, users) + judge_totals(expected.item_panes, items)
        verdict += judge_rows({key: None for keys in expected.tails.values() for key in keys}, tails)
        answers = {key: facts for person in expected.tails for key, facts in self._answer(person).items()}
        verdict += judge_totals(today(expected, self.now_ms), answers)
        return verdict + Verdict(wrong=len(account(read_inputs(self.settings, time.time_ns() // 1_000_000)).faults))

    def close(self) -> Verdict:
        """An event of now ends every window and session of every chapter: those, in Delta and in Cassandra.

        Nothing that is told afterwards can be judged.
        """
        now_ms = time.time_ns() // 1_000_000
        last = good(0, now_ms, user_id="closing", session_id="closing", received_at=now_ms)
        self.send([Sent(json.dumps(last).encode(), False, b"u:closing")])
        self.drain()
        deadline = time.monotonic() + CLOSED_S
        while not self._judge_finals().clean and time.monotonic() < deadline:
            self._revive()
            time.sleep(5.0)
        time.sleep(SETTLED_S)
        return self._judge_finals()

    def _judge_finals(self) -> Verdict:
        judges = (windows_verdict, sessions_verdict, session_rows_verdict)
        return sum((judge(self.settings, self.log) for judge in judges), Verdict())

    def _answer(self, person: str) -> dict[tuple[str, str], list[int]]:
        """(person, category) → what the API says was counted today; a 503 is asked again for a while."""
        serve, deadline = self.settings.serve, time.monotonic() + ANSWERS_S
        address = f"http://{serve.host}:{serve.port}/v1/people/{urllib.parse.quote(person)}/features"
        while True:
            try:
                with urllib.request.urlopen(address, timeout=10) as answer:
                    day = json.load(answer)["windows"]["1d"]
                    return {(person, category): [facts.get(n, 0) for n in COUNTS] for category, facts in day.items()}
            except urllib.error.URLError as error:
                if time.monotonic() > deadline:
                    raise PartFailed(f"the API does not answer: {error}") from error
            time.sleep(0.2)

    async def _read(self, of: Stores, expected: Expected) -> tuple[Panes, Panes, list[tuple[tuple[str, int], None]]]:
        users: Panes = {}
        items: Panes = {}
        tails: list[tuple[tuple[str, int], None]] = []
        for person in map(Person, sorted(expected.tails)):
            panes = await of.user_panes.since(person, 0)
            users |= {(str(person), *cell): facts.tolist() for cell, facts in panes.items()}
            tails += [((event.event_id, event.occurred_at), None) for event in await of.tails.newest(person, 10_000)]
        for item in sorted({key[0] for key in expected.item_panes}):
            panes = await of.item_panes.since(item, 0)
            items |= {(item, *cell): facts.tolist() for cell, facts in panes.items()}
        return users, items, tails


def today(expected: Expected, now_ms: int) -> dict[tuple[str, str], list[int]]:
    """(person, category) → counts of each kind over the panes of now's UTC day: a chapter may lie in two."""
    totals: dict[tuple[str, str], list[int]] = {}
    for (person, pane_ms, category, _), facts in expected.user_panes.items():
        if pane_ms // DAY_MS != now_ms // DAY_MS:
            continue
        before = totals.get((person, category), [0] * len(COUNTS))
        totals[person, category] = [sum(pair) for pair in zip(before, facts[: len(COUNTS)], strict=True)]
    return totals


def refused(start: Callable[[], None]) -> str:
    """Why that start was refused. Raises AssertionError where it was not: then a fault went unseen."""
    try:
        start()
    except PartFailed as error:
        return str(error)
    raise AssertionError("it started, though it must not")


def records_of(told: Iterable[Sent], received_ms: int) -> Iterator[Record]:
    """Those that are events, as they come to the finals."""
    for each in told:
        with suppress(BadEvent):
            event = read_event(each.raw, received_ms, trust_received_at=True, allowed_lateness_ms=LATENESS_MS)
            yield Record(event, "", received_ms)


def retold(record: Sent, number: int, received_ms: int) -> Sent:
    """The same record of another chapter: with people and items of its own, where it has any, and received then."""
    try:
        event = json.loads(record.raw)
    except ValueError:
        return record
    if not isinstance(event, dict):
        return record
    own = {name: f"{event[name]}-c{number}" for name in ("user_id", "session_id", "item_id") if event.get(name)}
    key = f"u:{own['user_id']}".encode() if "user_id" in own else record.key
    return Sent(json.dumps(event | own | {"received_at": received_ms}).encode(), record.by_http, key)


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _quiet(_: str) -> None:
    """The table is all that a benchmark prints."""
