"""How many events a second the stream carries from a filled topic, beside three window queries as tutorials write them.

ours      the hot query (dedupe, panes per person and item, Cassandra) and the ledger, until both are at its end;
          first cold, then stopped for a while (SIGSTOP), so that the topic is filled before the warm programs read it
tutorial  the three queries with stock Spark settings, tuned: the same with ours; same topic, Cassandra and Delta; for
          --peer-seconds, in batches of --peer-batch, their rate that of the slowest of the three
skew      ours, where half of all events are one person's, or on one item, against everybody's
restart   SIGKILL of the hot program at work with --keys state keys, and its restart, until it has read all again

Nothing else runs: no ingest, no live service, no API. What it makes it takes away again, its worlds too.
"""

from __future__ import annotations

import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from bench.batches import Batch, rate, rates, upserts_per_event
from bench.crowd import Crowd, Skew, pane_keys
from bench.prefill import fill
from bench.programs import frozen, hot, kill, ledger, running, tutorial, wait_until
from bench.rows import Row, show
from bench.scratch import scratch_world, servers
from bench.stock import stock_conf
from bench.tutorial import WINDOWS
from headrace.errors import BadInput
from headrace.program import conf_dir, run
from headrace.settings import Settings
from headrace.stream.progress import progress_file

PARTS = ("ours", "tutorial", "tuned", "skew", "restart")
SKEWS: tuple[Skew, ...] = ("person", "item")
SPAN_MS = 1_800_000
SEED = 41
PEER_WAIT = 3  # a peer that finished no batch in so many times --peer-seconds is taken as if it had just finished one


OURS = ("hot", "ledger")


@dataclass(frozen=True, slots=True)
class Carried:
    """Events per second that both of OURS had behind them at the end, cold and warm; and the warm batches of each."""

    cold: float
    warm: float
    batches: Mapping[str, Sequence[Batch]]


def main(
    events: Annotated[int, typer.Option(min=1_000, max=5_000_000, help="that the warm programs carry")] = 400_000,
    cold: Annotated[int, typer.Option(min=1_000, max=5_000_000, help="events before, so that they are warm")] = 200_000,
    skew_events: Annotated[int, typer.Option(min=1_000, max=5_000_000, help="as --events, with a hot key")] = 200_000,
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
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped then too
    rows: list[Row] = []

    def found(*new: Row) -> None:
        rows.extend(new)
        for row in new:
            _say(f"{row.metric}: {row.value:.4g} {row.unit}")

    with servers(conf):
        with scratch_world(conf, "bench_stream") as world:
            crowds = _crowds(cold, events, now_ms)
            if set(parts) != {"restart"}:
                carried = _carry(conf, world, *crowds)
                found(*_ours(carried, cold))
            else:
                for crowd in crowds:
                    fill(world, crowd)
            for part in ("tutorial", "tuned"):
                if part in parts:
                    found(*_peer(world, conf, part, peer_seconds, peer_batch, carried.warm))
            if "restart" in parts:
                found(_restart(world, conf, crowds, keys, backlog))
        if "skew" in parts:
            for skew in SKEWS:
                found(_skewed(conf, skew, cold, skew_events, now_ms, carried))
    show(rows, as_json)


def _carry(conf: Path, world: Settings, cold: Crowd, warm: Crowd) -> Carried:
    """Hot and ledger to the end of `cold`; then, while both stand still, `warm` is filled in, and they go on."""
    events = len(cold.occurred_ms), len(warm.occurred_ms)
    _say(f"{world.world.name}: filling the topic with {events[0]:,} events")
    fill(world, cold)
    with running(world, {"hot": hot(world, conf), "ledger": ledger(world, conf)}) as watch:
        _say(f"{world.world.name}: hot and ledger start")
        wait_until(watch, lambda: min(watch.read(query) for query in OURS) >= events[0])
        first = watch.of("hot")
        began_s, ended_s = first[0].began_s, max(watch.of(query)[-1].ended_s for query in OURS)
        _say(f"{world.world.name}: {events[1]:,} more, while they stand still")
        with frozen(watch):
            fill(world, warm)
        began_warm_s = time.time()
        wait_until(watch, lambda: min(watch.read(query) for query in OURS) >= sum(events))
        batches = {query: [batch for batch in watch.of(query) if batch.began_s > ended_s] for query in OURS}
        ended_warm_s = max(each[-1].ended_s for each in batches.values())
    return Carried(events[0] / (ended_s - began_s), events[1] / (ended_warm_s - began_warm_s), batches)


def _ours(carried: Carried, cold: int) -> list[Row]:
    put = upserts_per_event(carried.batches["hot"])
    alone = {query: rates(batches) for query, batches in carried.batches.items()}
    both = carried.warm, carried.warm
    return [
        Row("sustained: dedupe, panes, Cassandra, ledger", carried.warm, "events/s", both, goal=">= 12000"),
        *(
            Row(f"its batches: {query}", statistics.median(each), "events/s", _spread(each))
            for query, each in alone.items()
        ),
        Row(f"cold: the first {cold:,}", carried.cold, "events/s", (carried.cold, carried.cold)),
        Row("state rows upserted per event", sum(put.values()), "", (sum(put.values()),) * 2),
        *(Row(f"of them {name}", value, "", (value, value)) for name, value in put.items()),
    ]


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


def _skewed(conf: Path, skew: Skew, cold: int, events: int, now_ms: int, uniform: Carried) -> Row:
    """How many times the time of as many events of everybody."""
    with scratch_world(conf, f"bench_stream_{skew}") as world:
        carried = _carry(conf, world, *_crowds(cold, events, now_ms, skew))
    cost = uniform.warm / carried.warm
    return Row(f"cost with half of all events of one {skew}", cost, "×", (cost, cost), goal="<= 2")


def _crowds(cold: int, warm: int, now_ms: int, skew: Skew = "uniform") -> tuple[Crowd, Crowd]:
    """The half hour before the last one, and the last one."""
    return (
        Crowd.of(cold, SEED, now_ms - 2 * SPAN_MS, SPAN_MS, skew),
        Crowd.of(warm, SEED + 1, now_ms - SPAN_MS, SPAN_MS, skew),
    )


def _restart(world: Settings, conf: Path, crowds: tuple[Crowd, ...], keys: int, backlog: int) -> Row:
    """Half of the backlog is there before the kill, half comes while the program is down."""
    before_ms = int(crowds[0].occurred_ms.min()) - SPAN_MS
    missing = keys - sum(len(each.occurred_ms) for each in crowds) - pane_keys(crowds)  # an event is a key of its own
    grown = crowds if missing <= 0 else (*crowds, Crowd.of(missing, SEED + 2, before_ms, SPAN_MS))
    held = sum(len(each.occurred_ms) for each in grown) + pane_keys(grown)
    halves = [Crowd.of(backlog // 2, SEED + 3 + half, before_ms, SPAN_MS) for half in range(2)]
    total = sum(len(each.occurred_ms) for each in (*grown, *halves))
    _say(f"restart: growing the state to {held:,} keys")
    with running(world, {"hot": hot(world, conf)}) as watch:
        for each in grown[len(crowds) :]:
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
