"""A seeded crowd as arrays: who did what to which item when, for topics that are filled before a measurement. No I/O.

People come for visits, mostly about one category; few people and few items have most of the events. Half of all events
can be one person's, or on one item.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from headrace.domain.events import Event, ItemId, Person
from headrace.domain.panes import PANE_MS

PEOPLE: Final = 10_000
ITEMS: Final = 3_000
CATEGORIES: Final = 14
EVENTS_PER_VISIT: Final = 25
VISIT_S: Final = 180.0
ABOUT: Final = 0.6  # share of a visit's events that are about its category
HOT: Final = 0.5
KINDS: Final = {
    "impression": 0.56,
    "view": 0.12,
    "click": 0.12,
    "dwell": 0.1,
    "cart": 0.03,
    "search": 0.02,
    "watch": 0.02,
    "purchase": 0.01,
    "like": 0.01,
    "hide": 0.01,
}
TIMED: Final = ("dwell", "watch")
PRICED: Final = ("view", "cart", "purchase")

Ints: TypeAlias = NDArray[np.int64]
Skew: TypeAlias = Literal["uniform", "person", "item"]


@dataclass(frozen=True, slots=True)
class Crowd:
    """int64 [n] each, in order of occurrence; `kind` is a place in KINDS, an item's category is item % CATEGORIES."""

    seed: int
    occurred_ms: Ints
    person: Ints
    visit: Ints
    item: Ints
    kind: Ints
    amount: Ints

    @classmethod
    def of(cls, count: int, seed: int, from_ms: int, span_ms: int, skew: Skew = "uniform") -> Crowd:
        """`count` events of [from_ms, from_ms + span_ms). `skew` names what half of them have in common."""
        rng = np.random.default_rng(seed)
        visits = max(1, count // EVENTS_PER_VISIT)
        activity = rng.lognormal(0.0, 0.9, PEOPLE)
        visitor = rng.choice(PEOPLE, size=visits, p=activity / activity.sum())
        about, start_ms = rng.integers(CATEGORIES, size=visits), rng.integers(span_ms, size=visits)
        visit = rng.integers(visits, size=count)
        into_ms = (rng.exponential(VISIT_S * 1000, size=count)).astype(np.int64)
        occurred = from_ms + (start_ms[visit] + into_ms) % span_ms
        category = np.where(rng.random(count) < ABOUT, about[visit], rng.integers(CATEGORIES, size=count))
        ranks = np.arange(1, ITEMS // CATEGORIES + 1, dtype=np.float64) ** -0.7
        item = rng.choice(len(ranks), size=count, p=ranks / ranks.sum()) * CATEGORIES + category
        person, hot = visitor[visit], rng.random(count) < HOT
        person = np.where(hot, 0, person) if skew == "person" else person
        item = np.where(hot, 0, item) if skew == "item" else item
        kind = rng.choice(len(KINDS), size=count, p=list(KINDS.values()))
        amount = rng.integers(1, 60_000, size=count)
        order = np.argsort(occurred, kind="stable")
        return cls(seed, *(column[order] for column in (occurred, person, visit, item, kind, amount)))

    def events(self) -> Iterator[Event]:
        """Every event as ingest would have read it, in order of occurrence."""
        names = tuple(KINDS)
        columns = (self.occurred_ms, self.person, self.visit, self.item, self.kind, self.amount)
        for number, (occurred_ms, person, visit, item, kind, amount) in enumerate(
            zip(*(column.tolist() for column in columns), strict=True)
        ):
            name = names[kind]
            yield Event(
                event_id=f"bench-{self.seed}-{number:09d}",
                kind=name,
                person=Person(f"u:{person}"),
                occurred_at=occurred_ms,
                received_at=occurred_ms + 200,
                user_id=str(person),
                session_id=f"v{visit}",
                item_id=None if name == "search" else ItemId(f"item-{item}"),
                value_milli=amount * 1000 if name in TIMED else None,
                price_minor=100 + item if name in PRICED else None,
                currency="GBP" if name in PRICED else None,
                category=f"category-{item % CATEGORIES}",
                content_type="product",
                device="phone",
                tz_offset_min=60,
            )


def pane_keys(crowds: Sequence[Crowd]) -> int:
    """How many different (person or item, pane, category) their events have: the panes' state, but for a few counts."""
    search = tuple(KINDS).index("search")
    owners = {"person": PEOPLE, "item": ITEMS + CATEGORIES}
    found = 0
    for owner, size in owners.items():
        packed = []
        for crowd in crowds:
            pane, category = crowd.occurred_ms // PANE_MS, crowd.item % CATEGORIES
            column = crowd.person if owner == "person" else crowd.item
            keys = (pane * size + column) * CATEGORIES + category
            packed.append(keys if owner == "person" else keys[crowd.kind != search])
        found += len(np.unique(np.concatenate(packed)))
    return found
