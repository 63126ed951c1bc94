"""Where a person was last, as one integer that merges by maximum: the minute, and the place to 76 m. No cells.

Bits from the top: 26 of minutes since 1970, which end in 2097, then 18 of latitude and 19 of longitude, each in equal
steps from the south and the west. So the greatest of any number of words is the newest; of one minute's, the
northernmost. 0: nobody told a place. Spark makes the same words (stream/facts.py).
"""

from __future__ import annotations

from typing import Final

from headrace.domain.events import Place
from headrace.domain.panes import MINUTE_MS

LAT_BITS: Final = 18
LON_BITS: Final = 19
LAST_MINUTE: Final = (1 << 26) - 1
LAT_STEPS: Final = 1 << LAT_BITS
LON_STEPS: Final = 1 << LON_BITS
PER_DEGREE: Final = LAT_STEPS / 180.0
"""Steps of a degree, of latitude and longitude alike."""


def place_word(occurred_at: int, place: Place) -> int:
    """The word of one moment at one place.

    >>> place_word(60_000, Place(-90, -180)) == 1 << 37, place_word(60_000, Place(90, 180)) == (2 << 37) - 1
    (True, True)
    """
    minute = min(occurred_at // MINUTE_MS, LAST_MINUTE)
    lat = min(int((place.lat + 90.0) * PER_DEGREE), LAT_STEPS - 1)
    lon = min(int((place.lon + 180.0) * PER_DEGREE), LON_STEPS - 1)
    return (minute << LAT_BITS | lat) << LON_BITS | lon


def place_of(word: int) -> Place | None:
    """The middle of the square that a word names; None for 0."""
    if word == 0:
        return None
    lat, lon = word >> LON_BITS & LAT_STEPS - 1, word & LON_STEPS - 1
    return Place((lat + 0.5) / PER_DEGREE - 90.0, (lon + 0.5) / PER_DEGREE - 180.0)
