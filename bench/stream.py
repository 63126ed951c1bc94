"""How many events a second the stream carries from a filled topic, beside three window queries as tutorials write them.

ours      the hot query (dedupe, panes per person and item, Cassandra) and the ledger, both to the topic's end
tutorial  the three queries with stock Spark settings, tuned: the same with ours; same topic, Cassandra and Delta; for
          --peer-seconds, in batches of --peer-batch, their rate that of the slowest of the three
skew      ours, where half of all events are one person's, or on one item, against everybody's, batch for batch
restart   SIGKILL of the hot program at work with --keys state keys, and its restart, until it has read all again

Nothing else runs: no ingest, no live service, no API. What it makes it takes away again, its worlds too.
"""

from __future__ import annotations

import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from bench.batches import Batch, after, rate, rates, upserts_per_event
from bench.crowd import Crowd, Skew, pane_keys
from bench.prefill import fill
from bench.programs import hot, kill, ledger, running, tutorial, wait_until
from bench.rows import Row, show
from bench.scratch import scratch_world, servers
from bench.stock import stock_conf
from bench.tutorial import WINDOWS
from headrace.errors import BadInput
from headrace.program import conf_dir, run
from headrace.settings import Settings, load_settings
from headrace.stream.progress import progress_file

PARTS = ("ours", "tutorial", "tuned", "skew", "restart")
SKEWS: tuple[Skew, ...] = ("person", "item")
SPAN_MS = 1_800_000
SEED = 41
PEER_WAIT = 3  # a peer that finished no batch in so many times --peer-seconds is taken as if it had just finished one


def main(
    events: Annotated[int, typer.Option(min=1_000, max=5_000_000, help="in the topic")] = 600_000,
    cold: Annotated[int, typer.Option(min=0, help="of them, read before the warm rate counts")] = 200_000,
    skew_events: Annotated[int, typer.Option(min=1_000, max=5_000_000, help="with a hot key")] = 300_000,
    peer_seconds: Annotated[int, typer.Option(min=5, max=600, help="how long a peer works")] = 60,
    peer_batch: Annotated[int, typer.Option(min=100, help="events in one batch of a peer")] = 20_000,
    keys: Annotated[int, typer.Option(min=1_000, max=5_000_000, help="state keys at the kill")] = 1_000_000,
    backlog: Annotated[int, typer.Option(min=2, max=1_000_000, help="events sent around the kill")] = 60_000,
    only: Annotated[str, typer.Option(help="which parts, with commas between")] = ",".join(PARTS),
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    parts = tuple(only.split(","))
    if unknown := [part for part in parts if part not in PARTS]:
        raise BadInput(f"--only: {unknown[0]!r} is none of {', '.join(PARTS)}")
    conf, now_ms = conf_dir(), time.time_ns() // 1_000_000
    batch = load_settings(conf).spark.max_offsets_per_trigger
    if events < cold + batch:
        raise BadInput(f"--events {events}: with --cold {cold} and batches of {batch} none would be warm")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped then too
    rows: list[Row] = []

    def found(*new: Row) -> None:
        rows.extend(new)
        for row in new:
            _say(f"{row.metric}: {row.value:.4g} {row.unit}")

    with servers(conf):
        with scratch_world(conf, "bench_stream") as world:
            crowd = Crowd.of(events, SEED, now_ms - SPAN_MS, SPAN_MS)
            _say(f"filling the topic with {events:,} events")
            fill(world, crowd)
            counted: dict[str, list[Batch]] = {}
            if {"ours", "tutorial", "tuned", "skew"} & set(parts):
                counted = _count(world, conf, events)
                found(*_ours(counted, cold))
            ours = rate(after(counted["hot"], cold), counted["ledger"][-1].ended_s) if counted else None
            for part in ("tutorial", "tuned"):
                if part in parts and ours is not None:
                    found(*_peer(world, conf, part, peer_seconds, peer_batch, ours))
            if "restart" in parts:
                found(_restart(world, conf, crowd, keys, backlog))
        if "skew" in parts:
            for skew in SKEWS:
                found(_skewed(conf, skew, skew_events, now_ms, counted["hot"]))
    show(rows, as_json)


def _count(world: Settings, conf: Path, events: int) -> dict[str, list[Batch]]:
    """The hot query's and the ledger's batches from the topic's beginning to its end."""
    _say(f"{world.world.name}: hot and ledger, {events:,} events")
    with running(world, {"hot": hot(world, conf), "features": ledger(world, conf)}) as watch:
        wait_until(watch, lambda: min(watch.read("hot"), watch.read("ledger")) >= events)
        return {query: watch.of(query) for query in ("hot", "ledger")}


def _ours(counted: dict[str, list[Batch]], cold: int) -> list[Row]:
    hot_batches, ended_s = counted["hot"], counted["ledger"][-1].ended_s
    warm = after(hot_batches, cold)
    first = hot_batches[: len(hot_batches) - len(warm)]
    each, put = rates(warm), upserts_per_event(warm)
    found = [
        Row("sustained: panes, dedupe, ledger", rate(warm, ended_s), "events/s", _spread(each), goal=">= 12000"),
    ]
    if first:
        read = sum(batch.rows for batch in first)
        found.append(Row(f"its first {read:,} events, cold", rate(first), "events/s", _spread(rates(first))))
    found.append(Row("state rows upserted per event", sum(put.values()), "", (sum(put.values()),) * 2))
    return [*found, *(Row(f"of them {name}", value, "", (value, value)) for name, value in put.items())]


def _peer(world: Settings, conf: Path, name: str, seconds: int, batch: int, ours: float) -> list[Row]:
    """Its three queries at work for about `seconds`; the first batch of each counts only where there is no second."""
    stock = name == "tutorial"
    _say(f"{name}: three window queries for {seconds} s")
    with tempfile.TemporaryDirectory() as folder:
        told = stock_conf(Path(folder), world.paths.var) if stock else conf
        with running(world, {name: tutorial(world, told, name, batch)}) as watch:
            queries = [f"{name}_{length}" for length in WINDOWS]
            wait_until(watch, progress_file(world, name).exists)
            began_s = time.monotonic()

            def done() -> bool:
                worked_s, fewest = time.monotonic() - began_s, min(len(watch.of(query)) for query in queries)
                return worked_s > seconds and (fewest >= 2 or worked_s > PEER_WAIT * seconds)

            wait_until(watch, done)
            worked_s = time.monotonic() - began_s
            batches = [watch.of(query) for query in queries]
    speeds = [rate(each[1:] or each) if each else batch / worked_s for each in batches]
    put = sum(sum(upserts_per_event(each).values()) for each in batches if each)
    called, goal = ("tutorial way, stock Spark", ">= 20") if stock else ("the same, our settings", ">= 5")
    return [
        Row(called, min(speeds), "events/s", _spread(speeds)),
        Row(f"{called}: state rows per event", put, "", (put, put)),
        Row(f"ours / {called}", ours / min(speeds), "×", _spread([ours / speed for speed in speeds]), goal=goal),
    ]


def _skewed(conf: Path, skew: Skew, events: int, now_ms: int, uniform: list[Batch]) -> Row:
    """Each batch's time over that of the same batch of everybody's events, without the first, which is cold."""
    with scratch_world(conf, f"bench_stream_{skew}") as world:
        _say(f"filling a topic with {events:,} events, half of them of one {skew}")
        fill(world, Crowd.of(events, SEED, now_ms - SPAN_MS, SPAN_MS, skew))
        batches = _count(world, conf, events)["hot"]
    costs = [theirs / ours for ours, theirs in zip(rates(batches), rates(uniform), strict=False)]
    warm = costs[1:] or costs
    return Row(f"cost with half of all of one {skew}", statistics.median(warm), "×", _spread(warm), goal="<= 2")


def _restart(world: Settings, conf: Path, crowd: Crowd, keys: int, backlog: int) -> Row:
    """Half of the backlog is there before the kill, half comes while the program is down."""
    before_ms = int(crowd.occurred_ms.min()) - SPAN_MS
    missing = keys - len(crowd.occurred_ms) - pane_keys([crowd])  # an event is a key of its own
    grown = [crowd] if missing <= 0 else [crowd, Crowd.of(missing, SEED + 1, before_ms, SPAN_MS)]
    held = sum(len(each.occurred_ms) for each in grown) + pane_keys(grown)
    halves = [Crowd.of(backlog // 2, SEED + 2 + half, before_ms, SPAN_MS) for half in range(2)]
    total = sum(len(each.occurred_ms) for each in (*grown, *halves))
    _say(f"restart: growing the state to {held:,} keys")
    with running(world, {"hot": hot(world, conf)}) as watch:
        for each in grown[1:]:
            fill(world, each)
        wait_until(watch, lambda: watch.read("hot") >= total - 2 * (backlog // 2))
        fill(world, halves[0])
        kill(world, "hot")
    fill(world, halves[1])
    began_s = time.monotonic()
    with running(world, {"hot": hot(world, conf)}) as watch:
        wait_until(watch, lambda: watch.read("hot") >= total)
        took_s = time.monotonic() - began_s
    metric = f"kill at {held:,} state keys: start to lag 0, {backlog:,} events"
    return Row(metric, took_s, "s", (took_s, took_s), goal="<= 30")


def _spread(values: list[float]) -> tuple[float, float]:
    return min(values), max(values)


def _say(line: str) -> None:
    """Minutes pass between the parts; the table alone goes to stdout."""
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    run(lambda: typer.run(main))
