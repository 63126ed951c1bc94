"""`headrace train`: jobs/train.py through spark-submit.sh, its stages shown as they come. No training here."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer
from rich.console import Console

from headrace.commands.options import Conf, Profile, World, settings_of
from headrace.local.job import job_command, job_environ
from headrace.program import conf_dir

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
    settings = settings_of(world, profile, conf)
    named = {"--version": version, "--as-of": as_of, "--interval-end": interval_end}
    arguments = [word for flag, value in named.items() if value is not None for word in (flag, str(value))]
    program = job_command(settings, conf or conf_dir(), "train", *arguments, *(["--force"] if force else []))
    code = shown(program, job_environ(settings, os.environ))
    if code:
        raise typer.Exit(code)


def shown(program: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run it and print its lines, with a sign of life between them; returns its exit code. Its stderr is ours."""
    console = Console(highlight=False)
    with (
        console.status("starting Spark"),
        subprocess.Popen(program, env=environ, stdout=subprocess.PIPE, stderr=sys.stderr, text=True) as running,
    ):
        for line in running.stdout or ():
            console.print(line.rstrip(), markup=False)
    return running.returncode
