"""`headrace account`: does every raw record add up? It reads; it changes nothing."""

from __future__ import annotations

import datetime as dt
import json
import time
from dataclasses import asdict, replace

import typer
from rich.console import Console
from rich.table import Table

from headrace.commands.options import Conf, Json, Profile, World, settings_of
from headrace.domain.boundaries import Boundaries
from headrace.moments import utc
from headrace.watch.account import TERMS, Account, account
from headrace.watch.account_inputs import read_inputs
from headrace.watch.session_boundaries import faults_of, read_boundaries

COLUMNS = ("received", *TERMS, "hot")
NEEDED_WIDTH = 110  # nine columns; narrower than that, rich would cut the figures


def command(world: World = None, profile: Profile = None, conf: Conf = None, as_json: Json = False) -> None:
    """received = rejected + no_consent + late + duplicate + counted, per raw partition and hour of append.

    Over distinct records, against the broker's offsets and the hot query's own counts. Exit code 1: it does not add up.
    Records still on their way are reported as pending, which is no fault. Where the ledger has what the hot query did
    not count, the hours to rebuild are named. Finished sessions are checked too: that none overlap and none has a pause
    inside; those longer than a day are counted.
    """
    settings = settings_of(world, profile, conf)
    result = account(read_inputs(settings, time.time_ns() // 1_000_000))
    sessions = read_boundaries(settings.table("sessions"))
    result = replace(result, faults=(*result.faults, *faults_of(sessions)))
    if as_json:
        tree = {"world": settings.world.name, **as_tree(result), "sessions": asdict(sessions)}
        print(json.dumps(tree, indent=2))
    else:
        _print(settings.world.name, result, sessions)
    if result.faults:
        raise typer.Exit(1)


def as_tree(result: Account) -> dict[str, object]:
    """The account as JSON has it."""
    return {
        "adds_up": not result.faults and not result.pending,
        "drained": result.drained,
        "totals": dict(result.totals),
        "conflicts": result.conflicts,
        "faults": list(result.faults),
        "pending": list(result.pending),
        "repairs": [list(hours) for hours in result.repairs],
        "missing": {name: [list(gap) for gap in gaps] for name, gaps in result.missing.items() if gaps},
        "hours": [{"raw_partition": name, "hour": hour, **row} for (name, hour), row in result.hours.items()],
    }


def _print(world: str, result: Account, sessions: Boundaries) -> None:
    table = Table(box=None, header_style="dim", show_footer=True)
    totals = result.totals
    table.add_column("partition", footer="total")
    table.add_column("hour (UTC)")
    for name in COLUMNS:
        table.add_column(name, justify="right", footer=f"{totals[name]:,}")
    for (name, hour), row in result.hours.items():
        at = dt.datetime.fromtimestamp(hour / 1000, dt.UTC)
        table.add_row(name, f"{at:%Y-%m-%d %H:%M}", *(f"{row[column]:,}" for column in COLUMNS))
    console = Console(highlight=False, width=max(NEEDED_WIDTH, Console().width))
    console.print(f"world {world}")
    console.print(table)
    if result.conflicts:
        console.print(f"{result.conflicts:,} event ids were used for several moments; each moment counts")
    console.print(
        f"{sessions.sessions:,} finished sessions: {sessions.overlapping:,} overlap, {sessions.gapped:,} with a pause"
        f" inside, {sessions.absurd:,} longer than a day"
    )
    for sentence in result.faults:
        console.print(f"[red]fault[/]    {sentence}", soft_wrap=True)
    for sentence in result.pending:
        console.print(f"[yellow]pending[/]  {sentence}", soft_wrap=True)
    for begin, end in result.repairs:
        console.print(f"repair   headrace backfill --world {world} --from {utc(begin)} --to {utc(end)}", soft_wrap=True)
    if not result.faults:
        console.print("adds up" if result.drained else "not yet drained: run it again when nothing is on its way")
