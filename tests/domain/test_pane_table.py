"""Panes as columns say what the cells say."""

import numpy as np

from headrace.domain.facts import FACTS, facts_of, zero
from headrace.domain.pane_table import PaneTable, table_of
from tests.domain.small import event

VIEW = facts_of(event("view", "mug", price_minor=500, currency="GBP"), "GBP")
CELLS = {
    (300_000, "kitchen", "cup"): VIEW,
    (600_000, "sport", "ball"): zero(),
    (0, "kitchen", "cup"): facts_of(event("skip", "pan"), "GBP"),
}


def test_columns_hold_what_differs_from_nothing_cell_by_cell() -> None:
    table = table_of(CELLS)
    assert table.starts.tolist() == [300_000, 600_000, 0]
    assert list(table.names) == [("kitchen", "cup"), ("sport", "ball"), ("kitchen", "cup")]
    assert table.entries.sizes.tolist() == [5, 0, 1]  # a view: itself and four facts of its price
    assert [FACTS[place] for place in table.entries.places] == [
        "n_view",
        "price_n",
        "price_sum",
        "price_min",
        "price_max",
        "n_skip",
    ]
    assert table.entries.values.tolist() == [1, 1, 500, 500, 500, 1]


def test_columns_are_the_mapping_that_they_came_from() -> None:
    table = table_of(CELLS)
    assert list(table) == list(CELLS)
    assert len(table) == 3
    assert {key: facts.tolist() for key, facts in table.items()} == {
        key: facts.tolist() for key, facts in CELLS.items()
    }
    assert (300_000, "sport", "ball") not in table


def test_columns_stay_the_columns_they_are_and_nothing_is_an_empty_mapping() -> None:
    table = table_of(CELLS)
    assert table_of(table) is table
    assert table_of({}) == {}
    assert isinstance(table_of({}), PaneTable)
    np.testing.assert_array_equal(table_of({}).entries.sizes, [])
