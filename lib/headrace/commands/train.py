"""`headrace train`: jobs/train.py through spark-submit.sh, its stages shown as they come. No training here."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console

from headrace.commands.options import Conf, Profile, World
from headrace.local.checkout import ROOT

Version = Annotated[int | None, typer.Option("--version", help="Train on this version of the ledger.")]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="MOMENT", help="Train on the ledger as it was then.")]
IntervalEnd = Annotated[
    str | None, typer.Option("--interval-end", metavar="MOMENT", help="Use only events received before it.")
]
Force = Annotated[bool, typer.Option("--force", help="Publish even what the gate refuses, and say so.")]


def command(
    world: World = None,
    profile: Profile = None,
    conf: Conf = None,
    version: Version = None,
    as_of: AsOf = None,
    interval_end: IntervalEnd = None,
    force: Force = False,
) -> None:
    """Train on the ledger, judge, publish. Exit code 1: the gate refused the model, the served one stays served."""
    named = {
        "--world": world,
        "--profile": profile,
        "--conf": conf,
        "--version": version,
        "--as-of": as_of,
        "--interval-end": interval_end,
    }
    arguments = [word for flag, value in named.items() if value is not None for word in (flag, str(value))]
    code = shown([str(ROOT / "spark-submit.sh"), "jobs/train.py", *arguments, *(["--force"] if force else [])])
    if code:
        raise typer.Exit(code)


def shown(program: Sequence[str]) -> int:
    """Run it and print its lines, with a sign of life between them; returns its exit code. Its stderr is ours."""
    console = Console(highlight=False)
    with (
        console.status("starting Spark"),
        subprocess.Popen(program, stdout=subprocess.PIPE, stderr=sys.stderr, text=True) as running,
    ):
        for line in running.stdout or ():
            console.print(line.rstrip(), markup=False)
    return running.returncode
