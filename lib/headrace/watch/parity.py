"""A comparison of the stream with its recount, told to people and programs. It compares nothing itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from headrace.moments import utc
from headrace.stream.differences import Comparison, Mismatch
from headrace.stream.settled import Hours


def report(world: str, hours: Hours | None, comparisons: Iterable[Comparison], replaced: bool, as_json: bool) -> bool:
    """Print each comparison as it comes, or all of them as JSON in the end; whether stream and recount were equal."""
    done = []
    if not as_json:
        print(f"world {world}: {hours or 'no closed hour'}", flush=True)
    for each in comparisons:
        done.append(each)
        if not as_json:
            print("\n".join(sentences(each, replaced)), flush=True)
    equal = not any(each.differing for each in done)
    if as_json:
        print(json.dumps(as_tree(world, hours, done, replaced), indent=2))
    elif not equal and not replaced and hours is not None:
        print(f"repair: headrace backfill --world {world} --from {utc(hours.from_ms)} --to {utc(hours.to_ms)}")
    return equal


def as_tree(world: str, hours: Hours | None, comparisons: Sequence[Comparison], replaced: bool) -> dict[str, object]:
    """The report as JSON has it; `hours` None: none of those asked for is closed."""
    return {
        "world": world,
        "from_ms": None if hours is None else hours.from_ms,
        "to_ms": None if hours is None else hours.to_ms,
        "equal": not any(each.differing for each in comparisons),
        "replaced": replaced,
        "tables": [{**asdict(each), "differing": each.differing} for each in comparisons],
    }


def sentences(comparison: Comparison, replaced: bool) -> list[str]:
    """One line of figures; where something differs, its facts and the first mismatches."""
    left = f", {comparison.unjudged:,} not judged" if comparison.unjudged else ""
    outcome = "" if not comparison.differing else f", {comparison.differing:,} {'replaced' if replaced else 'differ'}"
    lines = [f"{comparison.table}: {comparison.rows:,} rows, {comparison.equal:,} equal{outcome}{left}"]
    if comparison.facts:
        lines.append("  " + ", ".join(f"{fact} in {rows:,}" for fact, rows in comparison.facts.items()))
    return lines + [f"  {_line(each)}" for each in comparison.listed]


def _line(mismatch: Mismatch) -> str:
    return f"{_named(mismatch.key)} {mismatch.fact}: stream {mismatch.stream}, recount {mismatch.recount}"


def _named(key: Mapping[str, str | int]) -> str:
    """The key's values; moments are shown as such.

    >>> _named({"person": "u:1", "pane_ms": 1_700_000_100_000, "category": "books"})
    'u:1 2023-11-14T22:15Z books'
    """
    return " ".join(utc(value) if isinstance(value, int) else str(value) for value in key.values())
