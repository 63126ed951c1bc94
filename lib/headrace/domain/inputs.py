"""Everything that one answer is made from, besides snapshots and policy, as read from the stores. No reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from headrace.domain.events import Event, Person
from headrace.domain.facts import Facts
from headrace.domain.here import NOWHERE, Here
from headrace.domain.model import BatchCandidates
from headrace.domain.panes import PaneKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The request's filter: an item passes if it satisfies every part that is given; () and None mean any.

    Prices in minor units, both ends included; an item without a price fails a price range.
    """

    categories: tuple[str, ...] = ()
    content_types: tuple[str, ...] = ()
    price_from: int | None = None
    price_to: int | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Inputs:
    """One request, after every read.

    person      whose list it is; None for nobody
    session_id  the request's session, where it names one; else the newest event's
    clock       ms since 1970 UTC, of the world, when the request arrived
    limit       how many items are wanted, at least 0
    tail        the person's newest events as read from session_tail, in any order; () where the read failed
    context     events handed in with the request, used at once; already in the tail: counted once
    panes       facts of each pane, category and content type, for at least the last day; {} where the read failed
    batch       what training found for the person; None where nothing was found or the read failed
    exclude     item ids that must not be served: the request's, and earlier pages'
    here        where and when the person is: as the request says, else as their newest events and panes do
    seed        32 bytes, `exploration.seed_of(secret, request_id)`
    """

    clock: int
    limit: int
    seed: bytes
    person: Person | None = None
    session_id: str | None = None
    tail: tuple[Event, ...] = ()
    context: tuple[Event, ...] = ()
    panes: Mapping[PaneKey, Facts] = field(default_factory=dict)
    batch: BatchCandidates | None = None
    wanted: Wanted = Wanted()
    exclude: tuple[str, ...] = ()
    here: Here = NOWHERE
