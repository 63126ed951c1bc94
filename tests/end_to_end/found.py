"""What the stores hold after a story, in the oracle's own shape, and where the two differ. It waits for nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from headrace.domain.events import Person
from headrace.settings import Settings
from headrace.stores.ports import Panes, Stores
from tests.end_to_end.access import rows_of, with_stores
from tests.end_to_end.story import Expected

ALL = 100_000

PanesFound: TypeAlias = dict[tuple[str, int, str, str], list[int]]


@dataclass(frozen=True, slots=True)
class Compared:
    """One store against the oracle: how many entries it should have, how many it has, how many are not the same."""

    what: str
    expected: int
    found: int
    wrong: int


def compared(settings: Settings, expected: Expected) -> tuple[Compared, ...]:
    """Delta by another implementation than the one that wrote it, Cassandra at the settings' own consistency."""
    return judged(expected, _found(settings, expected))


def judged(expected: Expected, found: Expected) -> tuple[Compared, ...]:
    """Every store against the oracle."""
    return (
        _compared("Delta: events in the ledger", expected.clean, found.clean),
        _compared("Delta: late ones among them", {"late": expected.late}, {"late": found.late}),
        _compared("Delta: rejected, by reason", expected.rejected, found.rejected),
        _compared("Cassandra: panes of people", expected.user_panes, found.user_panes),
        _compared("Cassandra: panes of items", expected.item_panes, found.item_panes),
        _compared("Cassandra: session tails", expected.tails, found.tails),
    )


def _compared(what: str, expected: Mapping[Any, Any], found: Mapping[Any, Any]) -> Compared:
    wrong = sum(expected.get(key) != found.get(key) for key in expected.keys() | found.keys())
    return Compared(what, _size(expected), _size(found), wrong)


def _size(entries: Mapping[Any, Any]) -> int:
    return sum(entries.values()) if all(isinstance(each, int) for each in entries.values()) else len(entries)


def _found(settings: Settings, expected: Expected) -> Expected:
    ledger = rows_of(settings, "events", ["src", "person", "event_id", "occurred_at", "late"])
    by_src = {row["src"]: row for row in ledger}
    rejected = {row["src"]: row["reason"] for row in rows_of(settings, "rejected", ["src", "reason"])}
    users, items, tails = with_stores(settings, lambda stores: kept(stores, expected))
    return Expected(
        Counter((row["person"], row["event_id"], row["occurred_at"]) for row in by_src.values()),
        sum(row["late"] for row in by_src.values()),
        Counter(rejected.values()),
        users,
        items,
        tails,
    )


async def kept(stores: Stores, expected: Expected) -> tuple[PanesFound, PanesFound, dict[str, set[tuple[str, int]]]]:
    """The panes of the oracle's people and of its items, and the people's tails, as the oracle has them."""
    people, items = ({key[0] for key in panes} for panes in (expected.user_panes, expected.item_panes))
    tails = {person: await stores.tails.newest(Person(person), ALL) for person in expected.tails}
    return (
        await _panes(stores.user_panes, people),
        await _panes(stores.item_panes, items),
        {person: {(event.event_id, event.occurred_at) for event in tail} for person, tail in tails.items()},
    )


async def _panes(panes: Panes, owners: set[str]) -> PanesFound:
    cells = {owner: await panes.since(owner, 0) for owner in owners}
    return {(owner, *key): facts.tolist() for owner, found in cells.items() for key, facts in found.items()}
