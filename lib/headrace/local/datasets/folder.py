"""A dataset folder: which format it has, judged by its files' columns, or why it has none. It sends nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from headrace.errors import BadDataset
from headrace.local.datasets.complete_journey import COMPLETE_JOURNEY
from headrace.local.datasets.native import NATIVE
from headrace.local.datasets.online_retail import ONLINE_RETAIL
from headrace.local.datasets.otto import OTTO
from headrace.local.datasets.rows import Format, Row
from headrace.local.wire import WireItem, WireUser

FORMATS: Final = (NATIVE, ONLINE_RETAIL, COMPLETE_JOURNEY, OTTO)
"""In the order in which a folder is tried; a format comes before those whose columns are a subset of its own."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A folder whose files all have the columns that its format needs."""

    folder: Path
    format: Format

    def events(self) -> Iterator[Row]:
        """Every row, in file order. Raises BadDataset where a file cannot be read to its end."""
        return self.format.events(self.folder)

    def items(self) -> Iterator[WireItem]:
        """Its catalogue; empty where the format has none."""
        return self.format.items(self.folder)

    def users(self) -> Iterator[WireUser]:
        """The profiles of its people; empty where the format has none."""
        return self.format.users(self.folder)


def open_dataset(folder: Path, named: str | None = None) -> Dataset:
    """Find the format of a folder, or take the one that was named, and look at every file's columns.

    Raises BadDataset naming the folder, the file, the missing column, what was found and the formats there are.
    """
    if not folder.is_dir():
        raise BadDataset(f"{folder}: no such folder")
    known = {each.name: each for each in FORMATS}
    if named is not None and named not in known:
        raise BadDataset(f"--format {named}: no such format; there are {', '.join(known)}")
    tried = (known[named],) if named else tuple(each for each in FORMATS if each.files(folder))
    chosen = next((each for each in tried if _first_missing(each, folder) == ()), None)
    if chosen is None:
        raise BadDataset(_why_not(folder, tried))
    for path in chosen.files(folder):
        missing = chosen.missing(chosen.header(path))
        if missing:
            raise BadDataset(f"{path}: no column {missing[0]!r}, which format {chosen.name} needs")
    for path in chosen.item_files(folder):
        absent = [column for column in chosen.item_needs if column not in chosen.header(path)]
        if absent:
            raise BadDataset(f"{path}: no column {absent[0]!r}, which the catalogue of format {chosen.name} needs")
    for path in chosen.user_files(folder):
        if "user_id" not in chosen.header(path):
            raise BadDataset(f"{path}: no column 'user_id', which the people of format {chosen.name} need")
    return Dataset(folder, chosen)


def _first_missing(each: Format, folder: Path) -> tuple[str, ...] | None:
    """What the folder's first event file lacks; None without an event file."""
    files = each.files(folder)
    return each.missing(each.header(files[0])) if files else None


def _why_not(folder: Path, tried: tuple[Format, ...]) -> str:
    known = f"formats: {', '.join(each.name for each in FORMATS)}; --format names one"
    with_files = [each for each in tried if each.files(folder)]
    if not with_files:
        there = ", ".join(sorted(path.name for path in folder.iterdir())[:8]) or "nothing"
        return f"{folder}: no event files (events.parquet, *.csv.gz, *.jsonl); it holds {there}; {known}"
    nearest = min(with_files, key=lambda each: _distance(each, folder))
    path = nearest.files(folder)[0]
    columns = nearest.header(path)
    missing = ", ".join(repr(column) for column in nearest.missing(columns))
    return f"{path}: no column {missing} for format {nearest.name}; it has {', '.join(columns) or 'none'}; {known}"


def _distance(each: Format, folder: Path) -> tuple[float, int]:
    """How far the folder is from the format: the share of needed columns that are missing, then their number."""
    missing = _first_missing(each, folder) or ()
    return len(missing) / min(len(needed) for needed in each.needs), len(missing)
