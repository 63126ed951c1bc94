"""Merging sources into one pool."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.catalogue import ItemMeta
from headrace.domain.inputs import Wanted
from headrace.domain.model import SOURCES
from headrace.domain.policy import Policy
from headrace.domain.pool import Found, Pool, merged_pool, restricted, source_names
from headrace.domain.recommend import known_of
from headrace.domain.retrieval import neighbours_found, retrieve
from headrace.domain.snapshots import Snapshots
from tests.domain.small import ITEMS, batch, event, inputs, model, snapshots

SMALL = snapshots()
ANYTHING = Wanted()


def pool_of(tail=(), *, size=200, wanted=ANYTHING, excluded=(), found=None, of: Snapshots = SMALL) -> Pool:
    asked = inputs(tail, batch=found)
    preferences = known_of(asked, of, Policy()).preferences
    return retrieve(of.model, of.catalogue, preferences, found, wanted, excluded, size, of.trends)


def names(pool: Pool, of: Snapshots = SMALL) -> set[str]:
    return {of.catalogue.items[place] for place in pool.items}


def sources(pool: Pool) -> dict[str, tuple[str, ...]]:
    return {
        SMALL.catalogue.items[at]: source_names(bits)
        for at, bits in zip(pool.items, pool.sources.tolist(), strict=True)
    }


def test_sources_are_merged_and_each_item_stands_once_in_order_of_id() -> None:
    found = batch([("pan", "als", 0.9), ("pot", "als", 0.8), ("pan", "own_history", 4.0)])
    pool = pool_of([event("view", "mug")], found=found)
    assert [ITEMS[place] for place in pool.items] == ["bat", "mug", "net", "odd", "pan", "pot"]
    assert sources(pool) == {
        "bat": ("popularity",),
        "mug": ("popularity", "category", "recent"),
        "net": ("popularity",),
        "odd": ("popularity",),
        "pan": ("als", "popularity", "own_history", "session_neighbours", "category"),
        "pot": ("als", "popularity", "session_neighbours", "category"),
    }
    pan = pool.scores[4]
    # the session likes kitchen with 1/2, and nothing is known of the hour
    assert pan[[SOURCES.index(name) for name in ("als", "own_history", "session_neighbours", "category")]].tolist() == [
        np.float32(0.9),
        4.0,
        0.5,
        0.5,
    ]


def test_a_small_pool_takes_the_best_of_each_source_in_turn() -> None:
    # turns: als pan 0, pot 1; neighbours of bat: net 0; bat itself recent 0; sport's popular bat 0, net 1
    found = batch([("pan", "als", 0.9), ("pot", "als", 0.8)])
    assert names(pool_of([event("view", "bat")], found=found, size=3)) == {"bat", "pan", "net"}


def test_popularity_fills_only_what_is_left() -> None:
    found = batch([("odd", "als", 0.9), ("net", "als", 0.8)])
    assert names(pool_of(found=found, size=2)) == {"odd", "net"}
    assert names(pool_of(found=found, size=3)) == {"odd", "net", "bat"}


def test_without_a_person_the_most_popular_come_and_without_popularity_the_first_ids() -> None:
    assert names(pool_of(size=2)) == {"bat", "mug"}
    assert names(pool_of(size=5)) == {"bat", "mug", "pan", "pot", "net"}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(categories=("sport",)), {"bat", "net"}),
        (Wanted(categories=("sport", "no such")), {"bat", "net"}),
        (Wanted(categories=("no such",)), set()),
        (Wanted(content_types=("video",)), {"net"}),
        (Wanted(price_from=1000, price_to=2000), {"pan", "pot"}),
        (Wanted(price_to=500), {"mug"}),
        (Wanted(price_from=0), {"mug", "pan", "pot", "bat"}),
        (Wanted(categories=("unknown",)), {"odd"}),
    ],
)
def test_the_filter_holds_for_every_source(wanted: Wanted, expected: set[str]) -> None:
    found = batch([(item, "als", 1.0) for item in ITEMS])
    assert names(pool_of([event("view", "mug"), event("view", "bat")], wanted=wanted, found=found)) == expected


def test_excluded_and_deleted_items_stay_out_and_unknown_exclusions_are_fine() -> None:
    found = batch([("mug", "als", 1.0), ("pan", "als", 1.0)])
    assert names(pool_of(found=found, excluded=("mug", "no such"), size=1)) == {"pan"}
    changed = snapshots({"mug": None, "new": ItemMeta(category="kitchen")})
    assert names(pool_of([event("view", "mug")], found=found, of=changed), changed) == {
        "pan",
        "pot",
        "bat",
        "net",
        "odd",
        "new",
    }


def test_a_deleted_item_still_leads_to_its_neighbours() -> None:
    changed = snapshots({"bat": None})
    assert "net" in names(pool_of([event("view", "bat")], of=changed, size=1), changed)


def test_an_item_that_appeared_since_is_recent_though_no_model_knows_it() -> None:
    changed = snapshots({"new": ItemMeta(category="garden")})
    pool = pool_of([event("cart", "new", category="garden")], of=changed, size=1)
    assert names(pool, changed) == {"new"}
    assert source_names(int(pool.sources[0])) == ("category", "recent")


def test_a_page_keeps_what_the_pool_knows_and_holds_nothing_else() -> None:
    pool = pool_of([event("view", "mug")], found=batch([("pan", "als", 0.9)]), size=3)
    page = restricted(pool, np.array([5, 1]), SMALL.catalogue)
    assert [ITEMS[place] for place in page.items] == ["odd", "pan"]
    assert page.sources.tolist()[0] == 0
    assert page.scores[0].tolist() == [0.0] * len(SOURCES)
    assert page.scores[1, 0] == np.float32(0.9)


finds = st.lists(
    st.tuples(st.integers(0, len(SOURCES) - 1), st.lists(st.integers(0, 5), unique=True, max_size=6)), max_size=5
)


@given(finds, st.integers(0, 8), st.permutations(range(6)))
def test_a_merged_pool_agrees_with_the_slow_way(found, size, fill) -> None:
    given_found = [
        Found(source, np.array(items, dtype=np.int64), np.arange(len(items), 0, -1, dtype=np.float64))
        for source, items in found
    ]
    pool = merged_pool(given_found, np.array(fill), SMALL.catalogue, size)
    popularity = SMALL.catalogue.popularity
    turn = {
        item: min([items.index(item) for _, items in found if item in items], default=1000 + fill.index(item))
        for item in range(6)
    }
    chosen = sorted(range(6), key=lambda item: (turn[item], -popularity[item], ITEMS[item]))[:size]
    assert pool.items.tolist() == sorted(chosen, key=ITEMS.__getitem__)
    for row, item in enumerate(pool.items.tolist()):
        by = {source for source, items in found if item in items} | {SOURCES.index("popularity")}
        assert source_names(int(pool.sources[row])) == tuple(SOURCES[source] for source in sorted(by))
        for source in range(len(SOURCES)):
            scores = [len(items) - items.index(item) for of, items in found if of == source and item in items]
            assert pool.scores[row, source] == max(scores, default=0)


def test_of_many_neighbours_that_are_equally_similar_the_first_in_the_model_come_first() -> None:
    items = tuple(f"i{place:03d}" for place in range(500))
    big = replace(
        model(),
        items=items,
        index={item: place for place, item in enumerate(items)},
        neighbours=np.array([list(range(499, 0, -1))] * 500, dtype=np.int32),
        neighbour_scores=np.full((500, 499), 0.5, dtype=np.float32),
    )
    nobody = known_of(inputs(), SMALL, Policy()).preferences
    liked = replace(nobody, items=np.array([0]), item_affinity=np.array([2.0]))
    found = neighbours_found(big, liked)
    assert found.items.tolist() == list(range(1, 500))
    assert set(found.scores.tolist()) == {1.0}
