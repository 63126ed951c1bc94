"""Items like an item."""

from headrace.domain.catalogue import ItemMeta
from headrace.domain.similar import Similar, similar
from headrace.domain.snapshots import no_snapshots
from tests.domain.small import snapshots


def test_neighbours_come_first_then_the_category_then_what_is_popular() -> None:
    assert similar(snapshots(), "pot", 4) == (
        Similar("mug", 250_000, "item_to_item"),
        Similar("pan", 0, "category"),
        Similar("bat", 0, "popularity"),
        Similar("net", 0, "popularity"),
    )


def test_deleted_items_are_left_out() -> None:
    assert [found.item for found in similar(snapshots({"bat": None}), "net", 2)] == ["mug", "pan"]


def test_an_item_that_appeared_since_has_its_category_and_an_unknown_one_what_is_popular() -> None:
    changed = snapshots({"new": ItemMeta(category="sport")})
    assert [found.item for found in similar(changed, "new", 3)] == ["bat", "net", "mug"]
    assert [found.item for found in similar(changed, "no such", 2)] == ["bat", "mug"]


def test_an_empty_system_knows_nothing_similar() -> None:
    assert similar(no_snapshots(), "mug", 5) == ()
