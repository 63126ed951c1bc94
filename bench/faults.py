"""Exactly once, shown: every named fault with many seeds, and what is wrong, lost or twice when all is quiet again.

Servers of its own; one warm driver for the failpoints. Beside ours the tutorial way, which fails at the same points.
"""

from __future__ import annotations

import logging
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException

from bench.own_stack import own_servers, warm_session, warm_world
from bench.process_faults import process_faults, process_run
from bench.processes import IN_THE_PAST, Stack
from bench.tally import OURS, Outcome, lines, note, read_outcomes, show
from bench.verdict import Verdict
from bench.warm import Warm
from bench.warm_faults import families
from headrace.errors import BadInput, HeadraceError
from headrace.program import ROOT, run
from headrace.settings import Settings

BROKEN = (HeadraceError, AssertionError, PySparkException, Py4JError, OSError)
"""What ends a run and not the bench."""

CLOSED = "closed"
"""In the table: windows and sessions of all that was told to one stack, once they are final."""

RESULTS = ROOT / "var" / "bench" / "faults.jsonl"


def main(
    fault: Annotated[list[str] | None, typer.Option("--fault", help="only this one; may be repeated")] = None,
    seeds: Annotated[int, typer.Option(min=1, max=1_000, help="of each failpoint")] = 20,
    process_seeds: Annotated[int, typer.Option(min=1, max=100, help="of each process fault, at most")] = 3,
    peer: Annotated[bool, typer.Option(help="the tutorial way too")] = True,
    results: Annotated[Path, typer.Option(help="a line per run; what is there is not run again")] = RESULTS,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    warm_names = [name for family in families() for name in family.names]
    known = [*warm_names, *process_faults()]
    for name in fault or ():
        if name not in known:
            raise BadInput(f"--fault {name}: no such fault; there are {', '.join(known)}")
    logging.getLogger("headrace").setLevel(logging.CRITICAL)  # what is said of faults that are meant
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))  # its servers are stopped then, too
    wanted = fault or known
    done = {(each.fault, each.seed) for each in read_outcomes(results)}
    often = {name: seeds if name in warm_names else min(seeds, process_seeds) for name in wanted}
    missing = [(name, seed) for name in wanted for seed in range(often[name]) if (name, seed) not in done]
    if any(name in warm_names for name, _ in missing):
        with tempfile.TemporaryDirectory(prefix="headrace-faults-") as folder, own_servers(Path(folder)) as settings:
            _run_warm(settings, missing, peer, results)
    outside = [one for one in missing if one[0] not in warm_names]
    while outside:
        with (
            tempfile.TemporaryDirectory(prefix="headrace-faults-") as folder,
            own_servers(Path(folder), IN_THE_PAST) as settings,
        ):
            outside = _run_processes(settings, outside, results)
    shown = wanted if set(wanted) <= set(warm_names) else [*wanted, CLOSED]
    table = [line for line in lines(read_outcomes(results)) if line.fault in shown]
    show(table, as_json)
    if not all(line.ours.clean for line in table):
        raise typer.Exit(1)


def _run_warm(settings: Settings, missing: list[tuple[str, int]], peer: bool, results: Path) -> None:
    with warm_session(settings) as spark:
        warm = Warm(spark, warm_world(settings))
        for family in families():
            runs = [(name, seed) for name, seed in missing if name in family.names]
            if runs:
                family.catch_up(warm, peer)
            for name, seed in runs:
                try:
                    outcomes = family.run(warm, name, seed, peer)
                except BROKEN as error:
                    outcomes = [_broken(name, seed, error)]
                _note(results, outcomes)


def _run_processes(settings: Settings, missing: list[tuple[str, int]], results: Path) -> list[tuple[str, int]]:
    """Run them one after the other; what is left when one of them breaks the stack is for another stack."""
    stack = Stack(settings)
    stack.up()
    for number, (name, seed) in enumerate(missing, start=1):
        try:
            outcome = process_run(stack, name, seed)
        except BROKEN as error:
            _note(results, [_broken(name, seed, error)])
            return missing[number:]
        _note(results, [outcome])
    seed, began = sum(each.fault == CLOSED for each in read_outcomes(results)), time.monotonic()
    try:
        closed = Outcome(CLOSED, seed, OURS, stack.close(), time.monotonic() - began)
    except BROKEN as error:
        closed = _broken(CLOSED, seed, error)
    _note(results, [closed])
    return []


def _broken(name: str, seed: int, error: BaseException) -> Outcome:
    """A run that did not come to its end: nobody knows what is lost, so it is a fault of ours until somebody does."""
    words = f"{type(error).__name__}: {error}".splitlines()[0]
    return Outcome(name, seed, OURS, Verdict(wrong=1), 0.0, f"seed {seed} did not recover: {words[:400]}")


def _note(results: Path, outcomes: list[Outcome]) -> None:
    note(results, outcomes)
    for each in outcomes:
        found = f"{each.verdict.wrong} wrong, {each.verdict.lost} lost, {each.verdict.twice} twice"
        print(f"{each.fault} {each.seed} {each.side}: {found}, {each.recover_s:.1f} s {each.says}", file=sys.stderr)


if __name__ == "__main__":
    run(lambda: typer.run(main))
