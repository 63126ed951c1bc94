"""A dataset's rows put in arrival order on disk: sorted runs, merged when read. It knows no format and no Kafka.

Memory holds one run (100,000 events, about 60 MB), whatever the size of the data; a full OTTO has 216 million.
"""

from __future__ import annotations

import heapq
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import msgspec

from headrace.local.datasets.rows import Row, Skip
from headrace.local.wire import WireEvent

RUN_EVENTS: Final = 100_000
_LENGTH: Final = 4


@dataclass(frozen=True, slots=True)
class Run:
    """One sorted file of events and the moments of arrival between which they lie."""

    path: Path
    total: int
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class Spooled:
    """The events of a dataset, and how many of its rows were none, by reason."""

    runs: tuple[Run, ...]
    skipped: Mapping[str, int]

    @property
    def total(self) -> int:
        """How many events there are."""
        return sum(run.total for run in self.runs)

    def events(self) -> Iterator[WireEvent]:
        """By received_at, then occurred_at, then the place in the data."""
        return heapq.merge(*(_read(run.path) for run in self.runs), key=_arrival)


@contextmanager
def spool(
    rows: Iterable[Row],
    folder: Path,
    keep: Callable[[WireEvent], bool] = lambda _: True,
    run_events: int = RUN_EVENTS,
) -> Iterator[Spooled]:
    """Read every row once, in file order; the sorted runs lie below `folder` and are deleted on leaving."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="spool-", dir=folder) as scratch:
        skipped: Counter[str] = Counter()
        runs: list[Run] = []
        pending: list[WireEvent] = []
        for row in rows:
            if isinstance(row, Skip):
                skipped[row.reason] += 1
            elif keep(row):
                pending.append(row)
                if len(pending) == run_events:
                    runs.append(_write(pending, Path(scratch) / f"run-{len(runs):06}"))
                    pending = []
        if pending:
            runs.append(_write(pending, Path(scratch) / f"run-{len(runs):06}"))
        yield Spooled(tuple(runs), skipped)


def _arrival(event: WireEvent) -> tuple[int, int]:
    return event.received_at, event.occurred_at


def _write(events: Sequence[WireEvent], path: Path) -> Run:
    encode = msgspec.msgpack.Encoder().encode
    in_order = sorted(events, key=_arrival)
    with path.open("wb") as out:
        for event in in_order:
            packed = encode(event)
            out.write(len(packed).to_bytes(_LENGTH, "big") + packed)
    return Run(path, len(in_order), in_order[0].received_at, in_order[-1].received_at)


def _read(run: Path) -> Iterator[WireEvent]:
    decode = msgspec.msgpack.Decoder(WireEvent).decode
    with run.open("rb") as packed:
        while size := _size(packed):
            yield decode(packed.read(size))


def _size(packed: IO[bytes]) -> int:
    return int.from_bytes(packed.read(_LENGTH), "big")
