"""`headrace logs PART`: the end of a part's log, or all that comes. It reads files only."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer

from headrace.commands.options import Conf, Profile, World, settings_of
from headrace.commands.status import worlds_shown
from headrace.errors import BadInput
from headrace.local.part import Part
from headrace.local.process import recorded
from headrace.local.stack import parts_of
from headrace.program import conf_dir


def command(
    part: Annotated[str, typer.Argument(help="kafka, cassandra, ingest, live, hot, ledger, features, trends, serve.")],
    world: World = None,
    profile: Profile = None,
    conf: Conf = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is written from now on.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines.")] = 50,
) -> None:
    """Show the last lines of a part's log; -f follows it until ctrl-C. Without --world: of the world where it runs."""
    asked = settings_of(world, profile, conf)
    settings = [asked] if world else [settings_of(name, profile, conf) for name in worlds_shown(asked)]
    parts = [each for one in settings for each in parts_of(one, conf or conf_dir())]
    if part not in {each.name for each in parts}:
        raise BadInput(f"{part}: no such part; there are {', '.join(dict.fromkeys(each.name for each in parts))}")
    log = log_of({each.log: each for each in parts if each.name == part}.values())
    # tail follows a file through rotation and truncation, and takes over this process with its signals.
    flags = ["-n", str(lines), *(["-F"] if follow else [])]
    os.execvp("tail", ["tail", *flags, str(log)])


def log_of(parts: Collection[Part]) -> Path:
    """The log of the one of these that runs, else of the one that ever did. Raises BadInput where none or several do.

    They are one part of several worlds.
    """
    written = [part for part in parts if part.log.exists()]
    if not written:
        first = next(iter(parts))
        raise BadInput(f"{first.log}: no log yet; has {first.name} been started?")
    records = ((part, recorded(part.pid_file)) for part in written)
    chosen = [part for part, record in records if record is not None and record.alive()] or written
    if len(chosen) > 1:
        worlds = ", ".join(part.world for part in chosen)
        raise BadInput(f"{chosen[0].name}: worlds {worlds} have one; say which with --world")
    return chosen[0].log
