"""What a reader of a public format is: its name, the columns it needs, how a folder becomes rows. No reading here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import TypeAlias

from headrace.local.wire import WireEvent, WireItem, WireUser


@dataclass(frozen=True, slots=True)
class Skip:
    """A row of the data that is no event, and why."""

    reason: str


Row: TypeAlias = WireEvent | Skip


@dataclass(frozen=True, slots=True)
class Format:
    """A public format.

    needs   the column sets that its event files may have; one of them must be there whole
    files   the folder's event files, in the order in which they are read
    header  the column names of one event file
    events  every row of the folder's event files, in file order
    items   its catalogue; empty where the format has none
    item_files, item_needs  the folder's catalogue files and the columns that each must have
    users   the profiles of its people, and the files that hold them, each with a column user_id
    """

    name: str
    needs: tuple[tuple[str, ...], ...]
    files: Callable[[Path], tuple[Path, ...]]
    header: Callable[[Path], tuple[str, ...]]
    events: Callable[[Path], Iterator[Row]]
    items: Callable[[Path], Iterator[WireItem]]
    item_files: Callable[[Path], tuple[Path, ...]] = lambda _: ()
    item_needs: tuple[str, ...] = ()
    users: Callable[[Path], Iterator[WireUser]] = lambda _: iter(())
    user_files: Callable[[Path], tuple[Path, ...]] = lambda _: ()

    def missing(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """The needed columns that are not among `columns`, of the set that comes nearest; () when it is readable."""
        return min((tuple(c for c in needed if c not in columns) for needed in self.needs), key=len)


def minor_units(amount: str) -> int:
    """A decimal amount in hundredths, halves away from zero. Raises decimal.InvalidOperation for what is no number.

    >>> minor_units("2.55"), minor_units("0.005"), minor_units("0.001")
    (255, 1, 0)
    """
    return int((Decimal(amount) * 100).quantize(Decimal(1), ROUND_HALF_UP))
