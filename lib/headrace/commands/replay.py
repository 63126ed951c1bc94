"""`headrace replay FOLDER`: a dataset's events, in event time, through a world of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from headrace.commands.options import Conf, Json, Profile, settings_of
from headrace.errors import BadInput
from headrace.local.bar import bar
from headrace.local.datasets import FORMATS, Dataset, Row, Spooled, open_dataset, spool
from headrace.local.process import stop
from headrace.local.replay import Replayed, Stretch, Time, moment, pace, replay
from headrace.local.stack import parts_of, up
from headrace.program import conf_dir
from headrace.settings import Settings
from headrace.stores import blocking

FORMAT_NAMES = ", ".join(each.name for each in FORMATS)


def command(
    folder: Annotated[Path, typer.Argument(help="A dataset folder.")],
    world: Annotated[str, typer.Option("--world", help="The world to replay into; made where it does not exist.")],
    speed: Annotated[str, typer.Option(help="How many times as fast as it happened, or max.")] = "max",
    start: Annotated[str | None, typer.Option("--from", help="Only what occurred at or after this moment.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Only what occurred before this moment.")] = None,
    format_name: Annotated[
        str | None, typer.Option("--format", help=f"Instead of recognising its columns: {FORMAT_NAMES}.")
    ] = None,
    as_json: Json = False,
    profile: Profile = None,
    conf: Conf = None,
) -> None:
    """Send a dataset through a world, start what is missing, wait until all of it is carried through.

    What had to be started is stopped again. The same data a second time changes no count.
    """
    console, folder_of_conf = Console(stderr=True, highlight=False), conf or conf_dir()
    _refuse_wall(settings_of(world, profile, conf))
    stretch = Stretch(moment("--from", start), moment("--to", end))
    dataset = open_dataset(folder, format_name)
    with ExitStack() as stack:
        with bar(f"reading {dataset.format.name}", None) as advance:
            spooled = stack.enter_context(spool(_ticking(dataset, advance), keep=stretch.holds))
        due_s = pace(speed, spooled)
        settings, started = up(folder_of_conf, profile, world, {"serve"}, False, console.print)
        stack.callback(_stop, settings, folder_of_conf, started, console)
        _warn_of_the_past(settings, spooled, console)
        done = replay(dataset, spooled, settings, due_s, Time(time.monotonic, time.sleep))
    _report(done, as_json)


def _refuse_wall(settings: Settings) -> None:
    """A world that stamps what arrives with the present would take all of history for late."""
    made = (settings.world_dir / "world.toml").exists()
    if settings.world.name == "main" or (made and not settings.world.trust_received_at):
        raise BadInput(
            f"--world {settings.world.name}: it does not believe received_at, so that all of the data would be late;"
            " give the replay a world of its own, such as --world retail"
        )


def _ticking(dataset: Dataset, advance: Callable[[int], None]) -> Iterator[Row]:
    for number, row in enumerate(dataset.events()):
        if number % 1_000 == 0:
            advance(1_000)
        yield row


def _warn_of_the_past(settings: Settings, spooled: Spooled, console: Console) -> None:
    """Say what becomes of events that the world's clock has passed: what it has seen changes nothing."""
    clock_ms = blocking.run(blocking.stores(settings.cassandra, settings.keyspace).clocks.now_ms())
    first_ms = min((run.first_ms for run in spooled.runs), default=None)
    if clock_ms is None or first_ms is None or first_ms >= clock_ms:
        return
    hours = settings.world.state_horizon_ms / 3_600_000
    console.print(
        f"world {settings.world.name} is at {_iso(clock_ms)} already and this data begins at {_iso(first_ms)}: what it"
        f" has seen changes nothing; what is new to it but {hours:g} h behind reaches the ledger, not the windows"
    )


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="minutes")


def _stop(settings: Settings, conf: Path, started: tuple[str, ...], console: Console) -> None:
    """Stop what this replay started, in reverse; what ran before it goes on."""
    for part in reversed(parts_of(settings, conf)):
        if part.name in started:
            console.print(f"stopping {part.name}")
            stop(part.pid_file, part.grace_s)


def _report(done: Replayed, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(done)))
        return
    console = Console(highlight=False)
    rate = done.events / done.sending_s if done.sending_s else 0.0
    console.print(f"{done.events:,} events and {done.items:,} items of {done.format} into world {done.world}")
    console.print(f"sent in {done.sending_s:.1f} s ({rate:,.0f}/s), carried through {done.drained_s:.1f} s later")
    for reason, count in sorted(done.skipped.items()):
        console.print(f"skipped {count:>9,}  {reason}")
