"""Every item's newest record, whatever the order in which records come."""

from __future__ import annotations

from headrace.domain.catalogue import ItemMeta
from headrace.serve.catalogue_feed import Change, Feed, change_of
from headrace.stores.kafka.consumer import Record


def record(key: bytes | None, value: bytes | None) -> Record:
    return Record("catalogue", 1, 7, 0, key, value, ())


def test_the_newest_offset_of_an_item_stands() -> None:
    feed = Feed("GBP")

    feed.apply([Change(0, 5, "mug", {"title": "new"})])
    feed.apply([Change(0, 4, "mug", {"title": "old"}), Change(1, 0, "vase", None)])

    assert feed.item("mug") == {"title": "new"}
    assert feed.was_deleted("vase")
    assert not feed.was_deleted("mug")
    assert feed.offset == "0:6,1:1"


def test_an_own_write_is_known_at_once_and_served_in_its_turn() -> None:
    feed = Feed("GBP")

    feed.wrote(Change(0, 2, "mug", {"title": "own"}))
    assert feed.item("mug") == {"title": "own"}
    assert feed.take_fresh() == ({}, "")  # records 0 and 1 of others are still to come

    feed.apply([Change(0, 0, "vase", {"title": "A vase"}), Change(0, 1, "mug", {"title": "before"})])
    assert feed.item("mug") == {"title": "own"}
    assert feed.take_fresh() == ({"vase": ItemMeta(title="A vase"), "mug": ItemMeta(title="before")}, "0:2")

    feed.apply([Change(0, 2, "mug", {"title": "own"})])
    assert feed.take_fresh() == ({"mug": ItemMeta(title="own")}, "0:3")


def test_what_is_fresh_is_taken_once_and_everything_any_time() -> None:
    feed = Feed("GBP")
    feed.apply([Change(0, 0, "mug", {"title": "A mug"}), Change(0, 1, "vase", None)])

    assert feed.take_fresh() == ({"mug": ItemMeta(title="A mug"), "vase": None}, "0:2")
    assert feed.take_fresh() == ({}, "0:2")
    assert feed.take_all() == ({"mug": ItemMeta(title="A mug"), "vase": None}, "0:2")


def test_trouble_is_told_and_forgotten_and_counts_as_caught_up() -> None:
    feed = Feed("GBP")
    assert not feed.caught_up

    feed.deliver((), True, "no broker")
    assert (feed.caught_up, feed.trouble) == (True, "no broker")
    feed.deliver((), False, None)
    assert (feed.caught_up, feed.trouble) == (True, None)


def test_a_record_is_an_upsert_a_deletion_or_nothing() -> None:
    assert change_of(record(b"mug", b'{"title":"A mug"}')) == Change(1, 7, "mug", {"title": "A mug"})
    assert change_of(record(b"mug", None)) == Change(1, 7, "mug", None)
    assert change_of(record(None, b"{}")) is None
    assert change_of(record(b"mug", b"[]")) is None
    assert change_of(record(b"mug", b"\xff")) is None
