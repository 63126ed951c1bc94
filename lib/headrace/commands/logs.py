"""`headrace logs PART`: the end of a part's log, or all that comes. It reads files only."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from headrace.commands.options import Conf, Profile, World, settings_of
from headrace.errors import BadInput
from headrace.local.stack import parts_of
from headrace.program import conf_dir


def command(
    part: Annotated[str, typer.Argument(help="kafka, cassandra, ingest, live, features or serve.")],
    world: World = None,
    profile: Profile = None,
    conf: Conf = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is written from now on.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines.")] = 50,
) -> None:
    """Show the last lines of a part's log; -f follows it until ctrl-C."""
    logs = {each.name: each.log for each in parts_of(settings_of(world, profile, conf), conf or conf_dir())}
    if part not in logs:
        raise BadInput(f"{part}: no such part; there are {', '.join(logs)}")
    if not logs[part].exists():
        raise BadInput(f"{logs[part]}: no log yet; has {part} been started?")
    # tail follows a file through rotation and truncation, and takes over this process with its signals.
    flags = ["-n", str(lines), *(["-F"] if follow else [])]
    os.execvp("tail", ["tail", *flags, str(logs[part])])
