"""Places as cells."""

import h3
import pytest

from headrace.cells import PARENT_RESOLUTION, RESOLUTION, cell_name, cell_of
from headrace.domain.events import Place


def test_a_place_is_in_the_cells_that_h3_itself_names() -> None:
    cell, parent = cell_of(Place(52.52, 13.405))
    assert cell_name(cell) == h3.latlng_to_cell(52.52, 13.405, RESOLUTION)
    assert cell_name(parent) == h3.cell_to_parent(cell_name(cell), PARENT_RESOLUTION)


@pytest.mark.parametrize(("lat", "lon"), [(90, 0), (-90, 180), (0, 180), (0, -180), (0, 0)])
def test_every_place_of_the_earth_has_a_cell(lat: float, lon: float) -> None:
    cell, parent = cell_of(Place(lat, lon))
    assert 0 < parent < cell < 2**63  # fits the arrays, and is not the cell that stands for everywhere


def test_neighbours_in_a_street_share_a_cell_and_towns_do_not_share_a_parent() -> None:
    home, next_door, other_town = Place(52.52, 13.405), Place(52.5201, 13.4051), Place(48.14, 11.58)
    assert cell_of(home) == cell_of(next_door)
    assert cell_of(home)[1] != cell_of(other_town)[1]
