"""`headrace parity`: jobs/parity.py through spark-submit.sh. It compares nothing itself."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from headrace.commands.options import Conf, Json, Profile, World, settings_of
from headrace.commands.train import shown
from headrace.local.job import job_command, job_environ
from headrace.program import conf_dir
from headrace.settings import Settings

From = Annotated[str | None, typer.Option("--from", metavar="MOMENT", help="Default: a day before --to.")]
To = Annotated[str | None, typer.Option("--to", metavar="MOMENT", help="Default: the last hour that is closed.")]


def command(
    from_: From = None,
    to: To = None,
    world: World = None,
    profile: Profile = None,
    conf: Conf = None,
    as_json: Json = False,
) -> None:
    """The stream's panes, counts, windows and sessions against a recount from the ledger, fact by fact.

    Only closed hours are compared. Exit code 1: something differs; `headrace backfill` puts the recount in its place.
    """
    settings = settings_of(world, profile, conf)
    named = {"--from": from_, "--to": to}
    moments = [word for flag, value in named.items() if value is not None for word in (flag, value)]
    run_job(settings, conf, "parity", as_json, *moments)


def run_job(settings: Settings, conf: Path | None, name: str, as_json: bool, *arguments: str) -> None:
    """Submit a job and wait; it prints for us, lines or JSON. Raises Exit with its exit code, unless that is 0."""
    flags = (*arguments, "--json") if as_json else arguments
    program = job_command(settings, conf or conf_dir(), name, *flags)
    environ = job_environ(settings, os.environ)
    code = subprocess.run(program, env=environ, check=False).returncode if as_json else shown(program, environ)
    if code:
        raise typer.Exit(code)
