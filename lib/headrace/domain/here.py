"""Where and when a person is, and the contexts that this puts them in, from everywhere at any time to here and now.

Cells are numbers that whoever asks has from their library (headrace/cells.py); the law only compares them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from headrace.domain.panes import HOUR_MS, MINUTE_MS

EVERYWHERE: Final = 0
"""The cell that holds all others, and events that told no place."""

HOURS_PER_PART: Final = 4
"""A day has six parts: 0–4 o'clock, 4–8 and so on."""

_SATURDAY: Final = 5
_WEEKEND_HOURS: Final = 24
_PARTS: Final = 2 * _WEEKEND_HOURS
_WEEKEND_PARTS: Final = 24 // HOURS_PER_PART
ANY_TIME: Final = _PARTS + 2 * _WEEKEND_PARTS
"""The code of all hours together, after 48 of hours and 12 of parts of the day."""

Context = tuple[int, int]
"""(cell, code of time)."""

EVER: Final[Context] = (EVERYWHERE, ANY_TIME)


@dataclass(frozen=True, slots=True)
class Here:
    """cell, parent   the cell of the place and the larger one around it; both None where no place is known
    hour, weekday     of the person's own clock, 0 to 23 and 0 (Monday) to 6; both None where no offset is known
    """

    cell: int | None = None
    parent: int | None = None
    hour: int | None = None
    weekday: int | None = None


NOWHERE: Final = Here()
"""Nothing is known."""


def local_time(clock: int, tz_offset_min: int) -> tuple[int, int]:
    """Hour and weekday on a clock so many minutes ahead of UTC.

    >>> local_time(0, 60), local_time(0, -60)  # 1970 began on a Thursday
    ((1, 3), (23, 2))
    """
    local_hours = (clock + tz_offset_min * MINUTE_MS) // HOUR_MS
    return local_hours % 24, (local_hours // 24 + 3) % 7


def hour_code(hour: int, weekday: int) -> int:
    """An hour of working days, or of Saturdays and Sundays.

    >>> hour_code(8, 0), hour_code(8, 4), hour_code(8, 5)
    (8, 8, 32)
    """
    return hour + _WEEKEND_HOURS * (weekday >= _SATURDAY)


def part_code(hour: int, weekday: int) -> int:
    """The part of the day that holds the hour, of working days or of weekends.

    >>> part_code(3, 0), part_code(4, 0), part_code(4, 6)
    (48, 49, 55)
    """
    return _PARTS + hour // HOURS_PER_PART + _WEEKEND_PARTS * (weekday >= _SATURDAY)


def contexts_of(here: Here) -> tuple[Context, ...]:
    """The contexts that hold `here`, each within the one before: time narrows first, then place, in turn.

    >>> contexts_of(Here(cell=77, parent=7, hour=8, weekday=0))
    ((0, 60), (0, 50), (7, 50), (7, 8), (77, 8))
    >>> contexts_of(Here(cell=77, parent=7)), contexts_of(Here(hour=8, weekday=0))
    (((0, 60), (7, 60), (77, 60)), ((0, 60), (0, 50), (0, 8)))
    """
    if here.hour is None or here.weekday is None:
        if here.cell is None or here.parent is None:
            return (EVER,)
        return EVER, (here.parent, ANY_TIME), (here.cell, ANY_TIME)
    part, hour = part_code(here.hour, here.weekday), hour_code(here.hour, here.weekday)
    if here.cell is None or here.parent is None:
        return EVER, (EVERYWHERE, part), (EVERYWHERE, hour)
    return EVER, (EVERYWHERE, part), (here.parent, part), (here.parent, hour), (here.cell, hour)


def counted_contexts(here: Here) -> frozenset[Context]:
    """Every context in which an order made here is counted: wherever a request that knows less may look it up."""
    return frozenset(
        {
            *contexts_of(here),
            *contexts_of(Here(here.cell, here.parent)),
            *contexts_of(Here(hour=here.hour, weekday=here.weekday)),
        }
    )
