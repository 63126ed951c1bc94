"""The catalogue as arrays."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.catalogue import NO_PRICE, Catalogue, ItemMeta, catalogue_of, item_meta, with_changes
from tests.domain.small import ITEMS, METAS, POPULARITY


def small() -> Catalogue:
    return catalogue_of("m1", ITEMS, np.array(POPULARITY), list(METAS.values()))


def names(catalogue: Catalogue, places: np.ndarray) -> list[str]:
    return [catalogue.items[place] for place in places]


def test_a_models_items_keep_their_index() -> None:
    catalogue = small()
    assert catalogue.items == ITEMS
    assert [catalogue.index[item] for item in ITEMS] == [0, 1, 2, 3, 4, 5]
    assert catalogue.id == "m1+"


def test_absent_metadata_is_unknown_and_without_a_price() -> None:
    catalogue = small()
    assert catalogue.categories == ("unknown", "kitchen", "sport")
    assert catalogue.category.tolist() == [1, 1, 1, 2, 2, 0]
    assert catalogue.content_types == ("unknown", "product", "video")
    assert catalogue.content_type.tolist() == [1, 1, 1, 1, 2, 0]
    assert catalogue.price_minor.tolist() == [500, 2000, 1000, 4000, NO_PRICE, NO_PRICE]


def test_items_are_ranked_by_popularity_then_id() -> None:
    catalogue = small()
    assert names(catalogue, catalogue.by_popularity) == ["bat", "mug", "pan", "pot", "net", "odd"]
    assert names(catalogue, catalogue.by_id) == ["bat", "mug", "net", "odd", "pan", "pot"]
    assert catalogue.id_rank.tolist() == [1, 4, 5, 0, 2, 3]
    assert names(catalogue, catalogue.in_category(1)) == ["mug", "pan", "pot"]
    assert names(catalogue, catalogue.in_category(0)) == ["odd"]


def test_changes_add_update_delete_and_bring_back() -> None:
    first = with_changes(small(), {"mug": None, "pan": ItemMeta(category="garden"), "new": ItemMeta()}, "7")
    assert first.id == "m1+7"
    assert first.items == (*ITEMS, "new")
    assert first.alive.tolist() == [False, True, True, True, True, True, True]
    assert first.categories[first.category[1]] == "garden"
    assert first.metas[0] == METAS["mug"]
    assert names(first, first.by_popularity) == ["bat", "pan", "pot", "net", "new", "odd"]
    second = with_changes(first, {"mug": ItemMeta(price_minor=1), "gone": None}, "9")
    assert second.alive.all()
    assert second.price_minor[0] == 1
    assert "gone" not in second.index
    assert small().alive.all()


metas = st.one_of(
    st.none(), st.builds(ItemMeta, category=st.sampled_from(["x", "y", None]), price_minor=st.integers(0, 9))
)


@given(st.lists(st.dictionaries(st.sampled_from("pqrmug"), metas), max_size=4))
def test_changes_one_by_one_or_at_once_make_the_same_catalogue(batches: list[dict[str, ItemMeta | None]]) -> None:
    stepwise = small()
    for number, changes in enumerate(batches):
        stepwise = with_changes(stepwise, changes, str(number))
    latest = {item: meta for changes in batches for item, meta in changes.items()}
    at_once = with_changes(small(), latest, "end")
    living = set(names(at_once, at_once.by_popularity))
    assert set(names(stepwise, stepwise.by_popularity)) == living
    assert names(stepwise, stepwise.by_popularity) == names(at_once, at_once.by_popularity)
    for item in living:
        here, there = stepwise.index[item], at_once.index[item]
        assert stepwise.metas[here] == at_once.metas[there]
    assert sorted(stepwise.items) == names(stepwise, stepwise.by_id)


def test_a_record_of_the_catalogue_topic_is_read_leniently() -> None:
    assert item_meta({"title": "", "category": 3, "price_minor": True, "brand": "b"}, "GBP") == ItemMeta(brand="b")
    assert item_meta({"price_minor": -1}, "GBP") == ItemMeta()
    assert item_meta({"price_minor": 5, "currency": "GBP"}, "GBP") == ItemMeta(price_minor=5)
    assert item_meta({"price_minor": 5, "currency": "EUR"}, "GBP") == ItemMeta()
