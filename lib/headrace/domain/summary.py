"""What the events of one session add up to, live or finished, in integers. It does not say which events those are.

Spark's columns (stream/sessions.py) mirror it, and a test holds the two to the last integer. What is a sum, an extreme
or a moment covers every event. What has names or an order comes from the first LISTED_ACTS acts, so that a session of
any length stays a row of bounded size, whatever order its events come in; an act is whatever the person did, and not
an impression, which was done to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from headrace.domain.events import UNKNOWN, Event
from headrace.domain.facts import PERSON_FACTS, facts_of, has_price, merge_all, tz_offset_of

LISTED_ACTS: Final = 200
"""Spark keeps room for so many in the state of every open session: 4 KiB before the first act is in it."""

IMPRESSION: Final = "impression"
VIEWED: Final = ("view", "click", "dwell", "watch")
CARTED: Final = ("cart",)
BOUGHT: Final = ("purchase",)
SKIPPED: Final = ("skip",)
UNWANTED: Final = ("hide", "dislike")
MILLI: Final = 1000


@dataclass(frozen=True, slots=True)
class Summary:
    """A session's features; None where there is nothing to say. Moments and lengths in ms, prices in minor units.

    started_ms, ended_ms       the first event, and the last so far; length_ms from one to the other, 0 without events
    more                       there were more acts than LISTED_ACTS: what follows up to `watch_by_type` covers those
    entry_kind                 of the first act; entry_item, entry_category: of the first act on an item
    price_first, price_last    of the priced acts; price_up, price_down: by how much it rose and fell from one to the
                               next, so that price_first + price_up - price_down == price_last
    viewed … unwanted          distinct items of VIEWED … UNWANTED, in the order of their first such act
    categories                 category → acts in it, UNKNOWN included
    dwell_by_type, watch_by_type  content type → time, UNKNOWN included; a negative time is none
    cart_after_ms, purchase_after_ms  from the session's first event to its first cart, or purchase
    totals                     domain.facts of all events by name; extremes None where no price or no offset was told
    """

    session_id: str | None
    started_ms: int | None
    ended_ms: int | None
    length_ms: int
    n_events: int
    more: bool
    entry_kind: str | None
    entry_item: str | None
    entry_category: str | None
    price_first: int | None
    price_last: int | None
    price_up: int
    price_down: int
    viewed: tuple[str, ...]
    carted: tuple[str, ...]
    bought: tuple[str, ...]
    skipped: tuple[str, ...]
    unwanted: tuple[str, ...]
    categories: Mapping[str, int]
    dwell_by_type: Mapping[str, int]
    watch_by_type: Mapping[str, int]
    cart_after_ms: int | None
    purchase_after_ms: int | None
    totals: Mapping[str, int | None]


def summary_of(session_id: str | None, events: Sequence[Event], currency: str) -> Summary:
    """The features of a session from its events, each once, in any order; `currency` is the world's."""
    ordered = sorted(events, key=lambda event: (event.occurred_at, event.event_id))
    acts = [event for event in ordered if event.kind != IMPRESSION]
    listed = acts[:LISTED_ACTS]
    on_items = [act for act in listed if act.item_id is not None]
    prices = prices_of(listed, currency)
    steps = [later - earlier for earlier, later in pairwise(prices)]
    return Summary(
        session_id=session_id,
        started_ms=ordered[0].occurred_at if ordered else None,
        ended_ms=ordered[-1].occurred_at if ordered else None,
        length_ms=ordered[-1].occurred_at - ordered[0].occurred_at if ordered else 0,
        n_events=len(ordered),
        more=len(acts) > len(listed),
        entry_kind=listed[0].kind if listed else None,
        entry_item=on_items[0].item_id if on_items else None,
        entry_category=category_of(on_items[0]) if on_items else None,
        price_first=prices[0] if prices else None,
        price_last=prices[-1] if prices else None,
        price_up=sum(step for step in steps if step > 0),
        price_down=-sum(step for step in steps if step < 0),
        viewed=items_of(listed, VIEWED),
        carted=items_of(listed, CARTED),
        bought=items_of(listed, BOUGHT),
        skipped=items_of(listed, SKIPPED),
        unwanted=items_of(listed, UNWANTED),
        categories=counted([category_of(act) for act in listed]),
        dwell_by_type=time_by_type(listed, "dwell"),
        watch_by_type=time_by_type(listed, "watch"),
        cart_after_ms=_after_ms(ordered, CARTED),
        purchase_after_ms=_after_ms(ordered, BOUGHT),
        totals=_totals(ordered, currency),
    )


def prices_of(events: Sequence[Event], currency: str) -> list[int]:
    """Of the priced events, in their order: a price in the world's currency, or in none."""
    return [
        event.price_minor for event in events if event.price_minor is not None and event.currency in (None, currency)
    ]


def items_of(events: Sequence[Event], kinds: Sequence[str]) -> tuple[str, ...]:
    """The distinct items of events of these kinds, in the order in which they come first."""
    return tuple(dict.fromkeys(event.item_id for event in events if event.item_id is not None and event.kind in kinds))


def counted(names: Sequence[str]) -> dict[str, int]:
    """Name → how often."""
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return counts


def category_of(event: Event) -> str:
    """Its category; absent is UNKNOWN."""
    return UNKNOWN if event.category is None else event.category


def time_by_type(events: Sequence[Event], kind: str) -> dict[str, int]:
    """Content type (absent: UNKNOWN) → the ms that events of this kind say; a negative time is none."""
    time: dict[str, int] = {}
    for event in events:
        if event.kind == kind and event.value_milli is not None:
            name = UNKNOWN if event.content_type is None else event.content_type
            time[name] = time.get(name, 0) + max(0, event.value_milli // MILLI)
    return time


def _after_ms(ordered: Sequence[Event], kinds: Sequence[str]) -> int | None:
    return next((event.occurred_at - ordered[0].occurred_at for event in ordered if event.kind in kinds), None)


def _totals(events: Sequence[Event], currency: str) -> dict[str, int | None]:
    facts = merge_all(facts_of(event, currency) for event in events)
    totals: dict[str, int | None] = dict(zip(PERSON_FACTS, facts[: len(PERSON_FACTS)].tolist(), strict=True))
    prices: dict[str, int | None] = {} if has_price(facts) else {"price_min": None, "price_max": None}
    return totals | prices | {"tz_offset_max": tz_offset_of(facts)}
