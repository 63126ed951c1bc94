"""Panes as columns: what a record says of them, cell by cell, and the same cells back."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.facts import FACTS, PLACE_OF, Facts, zero
from headrace.domain.pane_columns import pack_panes, unpack_panes
from headrace.domain.panes import DAY_MS, PANE_MS, PaneKey, pane_of
from tests.domain.small import CLOCK

NEWEST = pane_of(CLOCK)
VIEWS, PRICES = PLACE_OF["n_view"], PLACE_OF["price_n"]


def facts(**known: int) -> Facts:
    cell = zero()
    for name, value in known.items():
        cell[PLACE_OF[name]] = value
    return cell


def test_cells_are_columns_oldest_first_with_each_name_once() -> None:
    panes = {
        (NEWEST, "sport", "video"): facts(n_view=2),
        (NEWEST, "books", "unknown"): facts(n_view=1, price_n=3),
        (NEWEST - 2 * PANE_MS, "sport", "video"): facts(n_view=5, place_newest=77),  # where they were is not kept
    }
    assert pack_panes(panes, CLOCK) == {
        "first_ms": NEWEST - 2 * PANE_MS,
        "gaps": [0, 2, 0],
        "names": [("books", "unknown"), ("sport", "video")],
        "name": [1, 0, 1],
        "sizes": [1, 2, 1],
        "facts": [VIEWS, VIEWS, PRICES, VIEWS],
        "values": [5, 1, 3, 2],
    }


def test_what_ended_more_than_a_day_ago_and_queries_are_not_kept() -> None:
    first = NEWEST - DAY_MS + PANE_MS  # of the 288 panes that end with the clock's
    panes = {
        (first - PANE_MS, "sport", "video"): facts(n_view=1),
        (first, "sport", "video"): facts(n_view=2),
        (NEWEST, "red shoes", ""): facts(n_search=1),
        (NEWEST + PANE_MS, "sport", "video"): facts(n_view=3),
    }
    assert list(unpack_panes(pack_panes(panes, CLOCK))) == [(first, "sport", "video")]
    assert pack_panes({(NEWEST, "red shoes", ""): facts(n_search=1)}, CLOCK) == {}
    assert dict(unpack_panes({})) == {}


keys = st.tuples(
    st.integers(0, 287).map(lambda ago: NEWEST - ago * PANE_MS),
    st.sampled_from(["sport", "books", "a|b", "ünter"]),
    st.sampled_from(["video", "unknown"]),
)
cells = st.lists(st.integers(-(2**53), 2**53), min_size=len(FACTS) - 1, max_size=len(FACTS) - 1)


@given(st.dictionaries(keys, cells, max_size=20), st.randoms(use_true_random=False))
def test_every_cell_comes_back_through_json_and_order_does_not_matter(drawn, random) -> None:
    panes: dict[PaneKey, Facts] = {key: np.array([*values, 0], dtype=np.int64) for key, values in drawn.items()}
    shuffled = dict(random.sample(list(panes.items()), len(panes)))
    packed = pack_panes(panes, CLOCK)
    assert packed == pack_panes(shuffled, CLOCK)
    back = unpack_panes(json.loads(json.dumps(packed)))
    assert {key: cell.tolist() for key, cell in back.items()} == {key: cell.tolist() for key, cell in panes.items()}


def test_a_fact_that_nobody_knows_is_refused() -> None:
    cell: PaneKey = (NEWEST, "kitchen", "product")
    columns = pack_panes({cell: facts(n_view=1)}, CLOCK)
    with pytest.raises(ValueError, match=f"name facts {len(FACTS)} to {len(FACTS)}; this code knows {len(FACTS)}"):
        unpack_panes({**columns, "facts": [len(FACTS)]})
