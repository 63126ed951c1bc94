"""`headrace status`: the health of each part as a table or JSON. It looks; it changes nothing."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from itertools import chain

import typer
from rich.console import Console
from rich.table import Table

from headrace.commands.options import Conf, Json, Profile, World, settings_of
from headrace.local.stack import Health, health, server_parts, worlds_of
from headrace.local.world_parts import world_parts
from headrace.program import conf_dir
from headrace.settings import Settings

COLOURS = {"up": "green", "starting": "yellow", "dead": "red", "down": "dim"}


def command(world: World = None, profile: Profile = None, conf: Conf = None, as_json: Json = False) -> None:
    """Each part's state, pid, address, age, memory and lag, and the paths of the world. Exit code 1: a part is dead.

    Without --world: of every world that there is. The JSON of one world is {world, parts, paths}, the servers among
    its parts; of several it is {worlds: [such a tree of each]}.
    """
    asked = settings_of(world, profile, conf)
    trees = [asked] if world else [settings_of(name, profile, conf) for name in worlds_shown(asked)]
    servers = [health(part, asked) for part in server_parts(asked)]
    jobs = [[health(part, each) for part in world_parts(each, conf or conf_dir())] for each in trees]
    if as_json:
        told = [as_tree(each, [*servers, *found]) for each, found in zip(trees, jobs, strict=True)]
        print(json.dumps(told[0] if len(told) == 1 else {"worlds": told}, indent=2))
    else:
        _print_table([*servers, *chain.from_iterable(jobs)], trees)
    if any(each.state == "dead" for each in chain(servers, *jobs)):
        raise typer.Exit(1)


def worlds_shown(settings: Settings) -> tuple[str, ...]:
    """Every world with a folder; the one that the settings name where there is none, or where it is not main."""
    name = settings.world.name
    return (name,) if name != "main" else worlds_of(settings.paths.var) or (name,)


def as_tree(settings: Settings, found: Sequence[Health]) -> dict[str, object]:
    """One world as JSON has it."""
    parts = [dataclasses.asdict(each) for each in found]
    return {"world": settings.world.name, "parts": parts, "paths": paths(settings)}


def paths(settings: Settings) -> dict[str, str]:
    """Where the world's data lie."""
    return {
        "var": str(settings.paths.var),
        "world": str(settings.world_dir),
        "lake": settings.table("").rstrip("/"),
        "checkpoints": settings.checkpoint("").rstrip("/"),
        "shelf": str(settings.shelf_dir),
        "logs": str(settings.paths.var / "logs"),
    }


def _print_table(found: Sequence[Health], worlds: Sequence[Settings]) -> None:
    table = Table(box=None, header_style="dim")
    for column in ("world", "part", "state", "pid", "address", "age", "memory", "lag"):
        table.add_column(column, justify="right" if column in ("pid", "age", "memory", "lag") else "left")
    for each in found:
        table.add_row(
            each.world,
            each.name,
            f"[{COLOURS[each.state]}]{each.state}[/]",
            _or_blank(each.pid),
            each.address,
            _age(each.age_s),
            "" if each.memory_mb is None else f"{each.memory_mb:.0f} MB",
            _or_blank(each.lag),
        )
    console = Console(highlight=False)
    console.print(table)
    for settings in worlds:
        console.print(f"\nworld {settings.world.name}")
        for name, path in paths(settings).items():
            console.print(f"{name:12} {path}", soft_wrap=True)


def _or_blank(value: object) -> str:
    return "" if value is None else str(value)


def _age(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
