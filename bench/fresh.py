"""Event → readable session tail, → readable five-minute pane, → visible in the ledger, at a steady rate; beside stock
Spark.

Two worlds on the same servers, one after the other: ours, and one whose Spark has no setting of ours but Delta's two.
Not interleaved: the stock world, even when nothing is sent to it, keeps two cores busy for minutes with what it has
not yet read. The tail, which waits for no micro-batch, is measured in ours only.

Java programs that were just started compile themselves: on two cores a third of all that the processor did in the first
five minutes, an eighth after six. --warm-up says how much of that is measured.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from bench.ledger import Commit, commits, growth
from bench.probe import GIVEN_UP_MS, Background, Seen, probe
from bench.rows import Row, percentile, show
from bench.scratch import lives_now, servers
from bench.stock import stock_conf
from headrace.local.stack import down, up
from headrace.program import conf_dir, run
from headrace.settings import Settings, load_settings
from headrace.stores.cassandra import open_stores
from headrace.stores.kafka import close_producer, open_producer

OURS, STOCK = "bench", "bench_stock"
COLD_S = 30.0
PANE_GOALS = {500: ("<= 800", None), 1_000: ("<= 700", "<= 1500")}
"""Events a second → what p50 and p99 of event → pane are to be, ms."""

PROBES_PER_SECOND = 2


def main(
    rate: Annotated[int, typer.Option(min=1, max=5_000, help="events per second beside the probes")] = 500,
    seconds: Annotated[int, typer.Option(min=5, max=120, help="length of one round")] = 20,
    rounds: Annotated[int, typer.Option(min=1, max=20)] = 5,
    warm_up: Annotated[int, typer.Option(min=0, max=900, help="seconds of load after the cold round")] = 420,
    stock: Annotated[bool, typer.Option(help="measure the peer too")] = True,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    cold: dict[str, list[Seen]] = {}
    seen: dict[str, list[list[Seen]]] = {}
    ledger: dict[str, list[Commit]] = {}

    def measure(conf: Path, world: str) -> Settings:
        settings = load_settings(conf, world=world)
        lives_now(settings, partitions=1)
        try:
            settings, _ = up(conf, None, world, ("serve",), servers_only=False, say=_quiet)
            must_arrive = world == OURS
            cold[world] = asyncio.run(_round(settings, rate, COLD_S, must_arrive))
            _load(settings, rate, warm_up)
            began_s = time.time()
            seen[world] = [asyncio.run(_round(settings, rate, seconds, must_arrive)) for _ in range(rounds)]
            ledger[world] = commits(Path(settings.table("events")), began_s, time.time())
        finally:
            down(settings, conf, (world,), servers=False, say=_quiet)
        return settings

    with servers(conf_dir()), tempfile.TemporaryDirectory() as folder:
        ours = measure(conf_dir(), OURS)
        if stock:
            measure(stock_conf(Path(folder), ours.paths.var), STOCK)
    show([*_rows(cold, seen, rate), *_ledger_rows(ledger, rounds * seconds * 1000.0)], as_json)


def _load(settings: Settings, rate: int, seconds: float) -> None:
    """The crowd alone: Java compiles what runs often, and that takes minutes on two cores."""
    crowd = Background(settings, rate, seconds)
    time.sleep(seconds)
    crowd.close()


def _rows(cold: dict[str, list[Seen]], seen: dict[str, list[list[Seen]]], rate: int) -> list[Row]:
    def row(end: str, share: float, peer: list[list[Seen]] | None, goal: str | None) -> Row:
        name = {"tail": "session tail", "pane": "pane"}[end]
        return _row(f"event → {name} p{int(share * 100)}, {rate}/s", share, seen[OURS], peer, end, goal)

    stock = seen.get(STOCK)
    half, most = PANE_GOALS.get(rate, (None, None))
    cold_stock = [cold[STOCK]] if STOCK in cold else None
    fresher = [_fresher(seen[OURS], stock)] if stock else []
    return [
        row("tail", 0.5, None, "<= 30"),
        row("tail", 0.99, None, "<= 200"),
        row("pane", 0.5, stock, half),
        row("pane", 0.99, stock, most),
        *fresher,
        _row(f"the same p50, first {COLD_S:.0f} s of all programs", 0.5, [cold[OURS]], cold_stock, "pane", None),
    ]


def _fresher(ours: list[list[Seen]], stock: list[list[Seen]]) -> Row:
    """By medians of p50; where the peer's probes gave up, at least so many times."""
    mine, theirs = (_over_rounds(rounds, "pane", 0.5) for rounds in (ours, stock))
    value = statistics.median(theirs) / statistics.median(mine)
    return Row(
        "stock Spark's pane p50 / ours", value, "×", (min(theirs) / max(mine), max(theirs) / min(mine)), goal=">= 10"
    )


def _ledger_rows(ledger: dict[str, list[Commit]], measured_ms: float) -> list[Row]:
    """Of each commit the event that waited longest. Without any, events waited longer than was measured."""
    ours = sorted(one.waited_ms for one in ledger[OURS])
    if not ours:
        nothing = "Kafka → ledger, no commit while it was measured: more than"
        return [Row(nothing, measured_ms, "ms", (measured_ms, measured_ms), goal="<= 8000")]
    peer, theirs = None, sorted(one.waited_ms for one in ledger.get(STOCK, []))
    if STOCK in ledger:
        peer = "stock Spark" if theirs else "stock Spark: more than"
        theirs = theirs or [measured_ms]

    def row(metric: str, share: float, goal: str | None) -> Row:
        peer_value = percentile(theirs, share) if theirs else None
        return Row(metric, percentile(ours, share), "ms", (ours[0], ours[-1]), peer, peer_value, goal)

    more = growth(ledger[OURS])
    return [
        row("Kafka → ledger, oldest of a commit, p50", 0.5, None),
        row("Kafka → ledger, oldest of all", 1.0, "<= 8000"),
        Row("the same, last third / first third", more, "×", (more, more), goal="<= 1.3"),
    ]


def _row(
    metric: str, share: float, ours: list[list[Seen]], stock: list[list[Seen]] | None, end: str, goal: str | None
) -> Row:
    values = _over_rounds(ours, end, share)
    spread = (min(values), max(values))
    if not stock:
        return Row(metric, statistics.median(values), "ms", spread, goal=goal)
    theirs = _over_rounds(stock, end, share)
    name = "stock Spark" if max(theirs) < GIVEN_UP_MS else "stock Spark: more than"
    return Row(metric, statistics.median(values), "ms", spread, name, statistics.median(theirs), goal)


def _over_rounds(rounds: list[list[Seen]], end: str, share: float) -> list[float]:
    return [percentile(sorted(one.tail_ms if end == "tail" else one.pane_ms for one in seen), share) for seen in rounds]


async def _round(settings: Settings, rate: int, seconds: float, must_arrive: bool) -> list[Seen]:
    """Probes at fixed moments, whatever became of earlier ones, while the crowd is acting."""
    # A slow read is a late sight of the event, not a failure: the request path's deadline has no place here.
    patient = settings.cassandra.model_copy(update={"read_timeout_ms": 10_000})
    stores = await open_stores(patient, settings.keyspace)
    producer = open_producer(settings.kafka, linger_ms=0)
    crowd = Background(settings, rate, seconds + 5)
    try:
        await asyncio.sleep(1.0)
        probes = []
        for number in range(int(seconds * PROBES_PER_SECOND)):
            probes.append(asyncio.create_task(probe(settings, stores, producer, number, must_arrive=must_arrive)))
            await asyncio.sleep(1 / PROBES_PER_SECOND)
        return list(await asyncio.gather(*probes))
    finally:
        crowd.close()
        close_producer(producer, 10)
        await stores.close()


def _quiet(_: str) -> None:
    """The table is all that a benchmark prints."""


if __name__ == "__main__":
    run(lambda: typer.run(main))
