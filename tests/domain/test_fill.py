"""What a catalogue adds to an event, and what it leaves alone."""

from __future__ import annotations

import pytest

from headrace.domain.catalogue import ItemMeta
from headrace.domain.fill import Fill, fill

MUG = ItemMeta(title="A mug", category="kitchen", brand="K", content_type="product", price_minor=500)


def test_what_is_absent_is_filled_with_the_version_that_knew_it() -> None:
    assert fill({"kind": "view", "currency": None}, MUG, "GBP", "m1+0:7").members == {
        "category": "kitchen",
        "content_type": "product",
        "price_minor": 500,
        "currency": "GBP",
        "catalogue_version": "m1+0:7",
    }


def test_what_the_event_says_stays() -> None:
    own = {"kind": "view", "category": "gifts", "content_type": "set", "price_minor": 0, "currency": "GBP"}
    assert fill(own, MUG, "GBP", "m1+") == Fill()


def test_an_event_that_was_filled_before_stays_as_it_is_whatever_it_lacks() -> None:
    assert fill({"kind": "view", "catalogue_version": "shop-7"}, MUG, "GBP", "m1+") == Fill()


def test_an_item_of_which_nothing_is_known_fills_nothing_and_names_no_version() -> None:
    assert fill({"kind": "view"}, ItemMeta(title="A mug"), "GBP", "m1+").members == {}


@pytest.mark.parametrize("kind", ["impression", "skip", "hide", "dislike", "dwell", "rating"])
def test_an_item_that_was_only_shown_or_turned_down_brings_no_price(kind: str) -> None:
    assert fill({"kind": kind}, MUG, "GBP", "m1+") == Fill(
        category="kitchen", content_type="product", catalogue_version="m1+"
    )


def test_an_event_in_another_currency_gets_no_price() -> None:
    filled = fill({"kind": "cart", "currency": "EUR"}, MUG, "GBP", "m1+")
    assert (filled.price_minor, filled.currency) == (None, None)


def test_an_event_that_names_the_currency_gets_the_price_alone() -> None:
    filled = fill({"kind": "cart", "currency": "GBP"}, MUG, "GBP", "m1+")
    assert (filled.price_minor, filled.currency) == (500, None)


def test_a_price_without_a_currency_is_filled_without_one() -> None:
    filled = fill({"kind": "cart"}, MUG, None, "m1+")
    assert (filled.price_minor, filled.currency) == (500, None)
    assert fill({"kind": "cart", "currency": "GBP"}, MUG, None, "m1+").price_minor is None
