"""What a training is asked for, from its flags and settings: the part of the composition root that decides."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from headrace.learn.moment import moment_ms
from headrace.settings import Settings


@dataclass(frozen=True, slots=True)
class History:
    """Which history. ledger and catalogue are Delta paths; at most one of version and as_of_ms is given.

    interval_end_ms  only events received before it; a scheduler's interval, whose model a re-run replaces
    clock_ms         the world's clock; None: the newest received_at of the history itself
    """

    ledger: str
    catalogue: str
    currency: str
    version: int | None
    as_of_ms: int | None
    interval_end_ms: int | None
    clock_ms: int | None


@dataclass(frozen=True, slots=True)
class Publication:
    """What becomes of the model: where it is shelved, how it is judged, how much is kept."""

    shelf: Path
    feature_set_id: str
    candidates_per_person: int
    keep_versions: int
    gate_tolerance: float
    force: bool


def training_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags that `history_of` and `publication_of` read."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--version", type=int, help="train on this version of the ledger (default: the newest)")
    which.add_argument("--as-of", metavar="MOMENT", help="the ledger as it was then: ms since 1970, or ISO 8601")
    parser.add_argument("--interval-end", metavar="MOMENT", help="use only events received before it")
    parser.add_argument("--force", action="store_true", help="publish even what the gate refuses, and say so")


def history_of(settings: Settings, flags: argparse.Namespace, wall_ms: int) -> History:
    """Raises BadInput for a moment that is none.

    In a wall-clock world the clock is the end of the interval, else `wall_ms`; but history that was asked for by
    version or moment has its own clock, as a replay world always has: what "the last 30 days" are must not depend on
    when somebody looks back.
    """
    interval_end_ms = None if flags.interval_end is None else moment_ms(flags.interval_end)
    looks_back = flags.version is not None or flags.as_of is not None
    wall = settings.world.clock == "wall" and not looks_back
    return History(
        ledger=settings.table("events"),
        catalogue=settings.table("catalogue"),
        currency=settings.world.currency,
        version=flags.version,
        as_of_ms=None if flags.as_of is None else moment_ms(flags.as_of),
        interval_end_ms=interval_end_ms,
        clock_ms=None if not wall else wall_ms if interval_end_ms is None else interval_end_ms,
    )


def publication_of(settings: Settings, feature_set_id: str, force: bool) -> Publication:
    """What the settings say about publishing."""
    return Publication(
        shelf=settings.shelf_dir,
        feature_set_id=feature_set_id,
        candidates_per_person=settings.train.candidates_per_person,
        keep_versions=settings.train.keep_versions,
        gate_tolerance=settings.train.gate_tolerance,
        force=force,
    )
