"""`headrace status`: the health of each part as a table or JSON. It looks; it changes nothing."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Mapping, Sequence
from itertools import chain

import typer
from rich.console import Console
from rich.table import Table

from headrace.commands.options import Conf, Json, Profile, World, settings_of
from headrace.local.stack import Health, health, server_parts, worlds_of
from headrace.local.world_parts import world_parts
from headrace.moments import utc
from headrace.program import conf_dir
from headrace.settings import Settings
from headrace.watch.finals import PARTS, Finals, finals
from headrace.watch.rejected import RATE_MINUTES, newly_rejected

COLOURS = {"up": "green", "starting": "yellow", "dead": "red", "down": "dim"}


def command(world: World = None, profile: Profile = None, conf: Conf = None, as_json: Json = False) -> None:
    """Each part's state, pid, address, age, memory and lag, and the paths of the world. Exit code 1: a part is dead.

    Without --world: of every world that there is. The JSON of one world is {world, parts, paths, rejected, finals}, the
    servers among its parts; of several it is {worlds: [such a tree of each]}. rejected is how many records of the last
    minutes were no events, by reason, and how many that is a minute; null where nothing keeps them yet. finals is how
    far windows and sessions are closed and since when nothing came that could close more: closed_until_ms (event
    time), silent_since_ms (wall clock), waiting; each null where it is not known.
    """
    asked = settings_of(world, profile, conf)
    trees = [asked] if world else [settings_of(name, profile, conf) for name in worlds_shown(asked)]
    servers = [health(part, asked) for part in server_parts(asked)]
    jobs = [[health(part, each) for part in world_parts(each, conf or conf_dir())] for each in trees]
    now_ms = time.time_ns() // 1_000_000
    rejected = [newly_rejected(each, now_ms) for each in trees]
    closed = [finals(each, _runs(found)) for each, found in zip(trees, jobs, strict=True)]
    if as_json:
        told = [
            as_tree(each, [*servers, *found], new, until)
            for each, found, new, until in zip(trees, jobs, rejected, closed, strict=True)
        ]
        print(json.dumps(told[0] if len(told) == 1 else {"worlds": told}, indent=2))
    else:
        lines = [
            {"rejected": rejected_line(new), "finals": finals_line(until, now_ms), **paths(each)}
            for each, new, until in zip(trees, rejected, closed, strict=True)
        ]
        _print_table([*servers, *chain.from_iterable(jobs)])
        _print_worlds(dict(zip((each.world.name for each in trees), lines, strict=True)))
    if any(each.state == "dead" for each in chain(servers, *jobs)):
        raise typer.Exit(1)


def worlds_shown(settings: Settings) -> tuple[str, ...]:
    """Every world with a folder; the one that the settings name where there is none, or where it is not main."""
    name = settings.world.name
    return (name,) if name != "main" else worlds_of(settings.paths.var) or (name,)


def as_tree(
    settings: Settings, found: Sequence[Health], rejected: Mapping[str, int] | None, closed: Finals
) -> dict[str, object]:
    """One world as JSON has it."""
    parts = [dataclasses.asdict(each) for each in found]
    rate = None
    if rejected is not None:
        rate = {"minutes": RATE_MINUTES, "reasons": rejected, "per_minute": sum(rejected.values()) / RATE_MINUTES}
    told = {"parts": parts, "paths": paths(settings), "rejected": rate, "finals": dataclasses.asdict(closed)}
    return {"world": settings.world.name, **told}


def rejected_line(rejected: Mapping[str, int] | None) -> str:
    """The rate of rejections in words.

    >>> rejected_line({"not_json": 12, "future": 3}), rejected_line({}), rejected_line(None)
    ('3 a minute (last 5 minutes: 12 not_json, 3 future)', '0 a minute', 'no table yet')
    """
    if rejected is None:
        return "no table yet"
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in rejected.items())
    rate = f"{sum(rejected.values()) / RATE_MINUTES:,.3g} a minute"
    return f"{rate} (last {RATE_MINUTES} minutes: {reasons})" if reasons else rate


def finals_line(closed: Finals, now_ms: int) -> str:
    """How far windows and sessions are closed, in words.

    >>> finals_line(Finals(1_700_000_100_000, 1_700_007_300_000, True), 1_700_007_312_000)
    'closed until 2023-11-14T22:15Z, no new event for 12 s: what is open waits for the next'
    >>> finals_line(Finals(None, None, None), 1_700_007_312_000)
    'closed until: not known, no event yet; ledger or features says nothing'
    """
    until, since = closed.closed_until_ms, closed.silent_since_ms
    if until:
        words = f"closed until {utc(until)}"
    elif until is None:
        words = "closed until: not known"
    else:
        words = "nothing closed"
    words += ", no event yet" if since is None else f", no new event for {_age(max(0, now_ms - since) / 1000)}"
    if closed.waiting is None:
        return f"{words}; ledger or features says nothing"
    return f"{words}: what is open waits for the next" if closed.waiting else f"{words}; more is on its way"


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


def _runs(found: Sequence[Health]) -> bool:
    return set(PARTS) <= {each.name for each in found if each.state == "up"}


def _print_table(found: Sequence[Health]) -> None:
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
    Console(highlight=False).print(table)


def _print_worlds(worlds: Mapping[str, Mapping[str, str]]) -> None:
    console = Console(highlight=False)
    for world, lines in worlds.items():
        console.print(f"\nworld {world}")
        for name, line in lines.items():
            console.print(f"{name:12} {line}", soft_wrap=True, markup=False)


def _or_blank(value: object) -> str:
    return "" if value is None else str(value)


def _age(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
