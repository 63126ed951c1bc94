"""One CSV file, plain or gzip: its header, and its rows with their line numbers. It knows no format.

A file that cannot be read to its end raises BadDataset naming the file and the line.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from operator import itemgetter
from pathlib import Path
from typing import TypeAlias

from headrace.errors import BadDataset

Cells: TypeAlias = Sequence[str]


def csv_files(folder: Path, pattern: str = "") -> tuple[Path, ...]:
    """The folder's *.csv and *.csv.gz whose names start with `pattern`, in name order."""
    return tuple(
        sorted(p for p in folder.iterdir() if p.name.startswith(pattern) and p.name.endswith((".csv", ".csv.gz")))
    )


def stem(path: Path) -> str:
    """The file's name up to its first dot: `2010-12-01` of `2010-12-01.csv.gz`."""
    return path.name.split(".", 1)[0]


def csv_header(path: Path) -> tuple[str, ...]:
    """The column names; () for an empty file."""
    with closing(_lines(path)) as lines:
        return tuple(next(lines, (0, []))[1])


def csv_rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, Cells]]:
    """(line number, the cells of `columns` in that order) of each row; the header is line 1, blank lines are left out.

    At least two columns. Raises BadDataset for a missing column and for a row of another width.
    """
    with closing(_lines(path)) as lines:
        header = next(lines, (0, []))[1]
        absent = [column for column in columns if column not in header]
        if absent:
            raise BadDataset(f"{path}: no column {absent[0]!r}; it has {', '.join(header)}")
        pick: Callable[[list[str]], Cells] = itemgetter(*(header.index(column) for column in columns))
        for line, row in lines:
            if len(row) != len(header):
                raise BadDataset(f"{path}, line {line}: {len(row)} fields where the header has {len(header)}")
            yield line, pick(row)


def _lines(path: Path) -> Generator[tuple[int, list[str]]]:
    line = 0
    try:
        with path.open("rb") as opened:
            raw = gzip.GzipFile(fileobj=opened) if path.name.endswith(".gz") else opened
            rows = csv.reader(io.TextIOWrapper(raw, encoding="utf-8-sig", newline=""))
            for row in rows:
                if row:
                    yield line + 1, row
                line = rows.line_num
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise BadDataset(f"{path}, after line {line}: cannot be read: {error}") from error
