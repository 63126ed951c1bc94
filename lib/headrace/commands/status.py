"""`headrace status`: the health of each part as a table or JSON. It looks; it changes nothing."""

from __future__ import annotations

import dataclasses
import json

import typer
from rich.console import Console
from rich.table import Table

from headrace.commands.options import Conf, Json, Profile, World, settings_of
from headrace.local.stack import Health, health, parts_of
from headrace.program import conf_dir
from headrace.settings import Settings

COLOURS = {"up": "green", "starting": "yellow", "dead": "red", "down": "dim"}


def command(world: World = None, profile: Profile = None, conf: Conf = None, as_json: Json = False) -> None:
    """Each part's state, pid, address, age, memory and lag, and the paths of the world. Exit code 1: a part is dead."""
    settings = settings_of(world, profile, conf)
    found = [health(part, settings) for part in parts_of(settings, conf or conf_dir())]
    if as_json:
        parts = [dataclasses.asdict(each) for each in found]
        print(json.dumps({"world": settings.world.name, "parts": parts, "paths": paths(settings)}, indent=2))
    else:
        _print_table(found, settings)
    if any(each.state == "dead" for each in found):
        raise typer.Exit(1)


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


def _print_table(found: list[Health], settings: Settings) -> None:
    table = Table(box=None, header_style="dim")
    for column in ("part", "state", "pid", "address", "age", "memory", "lag"):
        table.add_column(column, justify="right" if column in ("pid", "age", "memory", "lag") else "left")
    for each in found:
        table.add_row(
            each.name,
            f"[{COLOURS[each.state]}]{each.state}[/]",
            _or_blank(each.pid),
            each.address,
            _age(each.age_s),
            "" if each.memory_mb is None else f"{each.memory_mb:.0f} MB",
            _or_blank(each.lag),
        )
    console = Console(highlight=False)
    console.print(f"world {settings.world.name}")
    console.print(table)
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
