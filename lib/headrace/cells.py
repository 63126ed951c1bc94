"""A place as a cell of the H3 grid, and the larger cell around it. The one file that knows the library.

H3 (Uber, Apache 2.0): hexagons, each of 1/7 of the area of its parent at the next coarser resolution.
"""

from __future__ import annotations

from typing import Final

from h3.api import basic_int as h3

from headrace.domain.events import Place

RESOLUTION: Final = 7
"""5.2 km² and 1.4 km an edge: a part of a town, as far as a courier goes. Counts per cell are published at it."""

PARENT_RESOLUTION: Final = 5
"""49 cells, 253 km²: a town."""


def cell_of(place: Place) -> tuple[int, int]:
    """The cell of a place, and its parent.

    >>> cell, parent = cell_of(Place(52.52, 13.405))
    >>> cell_name(cell), cell_name(parent)
    ('871f1d489ffffff', '851f1d4bfffffff')
    """
    cell: int = h3.latlng_to_cell(place.lat, place.lon, RESOLUTION)
    return cell, h3.cell_to_parent(cell, PARENT_RESOLUTION)


def cell_name(cell: int) -> str:
    """As H3 writes it."""
    return f"{cell:x}"
