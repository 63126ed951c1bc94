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
from headrace.local.machine_files import world_sections
from headrace.local.part import Part
from headrace.local.process import stop
from headrace.local.replay import Replayed, Stretch, Time, moment, pace, replay, times_as_fast
from headrace.local.stack import up
from headrace.program import conf_dir
from headrace.settings import Settings, World
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
    settings, times = settings_of(world, profile, conf), times_as_fast(speed)
    refuse_wall(settings)
    stretch = Stretch(moment("--from", start), moment("--to", end))
    dataset = open_dataset(folder, format_name)
    with ExitStack() as stack:
        with bar(f"reading {dataset.format.name}", None) as advance:
            rows = _ticking(dataset, advance)
            spooled = stack.enter_context(spool(rows, settings.paths.var / "tmp", keep=stretch.holds))
        # Each part is noted before it starts: what `up` started goes again, even where `up` fails or is interrupted.
        settings, _ = up(
            folder_of_conf,
            profile,
            world,
            {"serve"},
            False,
            console.print,
            starts=lambda part: stack.callback(_stop, part, console),
        )
        _warn_of_the_past(settings, spooled, console)
        done = replay(dataset, spooled, settings, pace(times, spooled), Time(time.monotonic, time.sleep))
    _report(done, as_json)


def refuse_wall(settings: Settings) -> None:
    """Raises BadInput for a world that lives now: it would take all of history for late, or for its own past."""
    name = settings.world.name
    made = (settings.world_dir / "world.toml").exists()
    world = settings.world if made else World.model_validate(world_sections(name, settings.serve.port)["world"])
    if name == "main" or world.clock == "wall" or not world.trust_received_at:
        raise BadInput(
            f"--world {name}: it lives by the wall clock or does not believe received_at, so that the data would be"
            " late or long past; give the replay a world of its own, such as --world retail"
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


def _stop(part: Part, console: Console) -> None:
    console.print(f"stopping {part.name}")
    stop(part.pid_file, part.grace_s)


def _report(done: Replayed, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(done)))
        return
    console = Console(highlight=False)
    rate = done.events / done.sending_s if done.sending_s else 0.0
    console.print(
        f"{done.events:,} events, {done.items:,} items and {done.users:,} people of {done.format} into {done.world}"
    )
    console.print(f"sent in {done.sending_s:.1f} s ({rate:,.0f}/s), carried through {done.drained_s:.1f} s later")
    for reason, count in sorted(done.skipped.items()):
        console.print(f"skipped {count:>9,}  {reason}")
