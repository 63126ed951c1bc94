"""The demo's story: whose list, what new intent, the list before, three events, the list after. Nothing is printed.

Only what the API answers is shown; the simulator is asked whom to take and what that person has not cared for so far.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from headrace.errors import BadInput, PartFailed
from headrace.local.simulator import Simulation
from headrace.serve.events import Received
from headrace.serve.wire import RankedItem, RankedList

SHOWN: Final = 10
QUIET_MS: Final = 3_600_000
"""Whoever acted within this time is left out: their tail already holds an intent."""
TURNED_TO: Final = 3
DEMO_DAYS: Final = 7
DAY_MS: Final = 86_400_000
GIVE_UP_S: Final = 30.0
POLL_S: Final = 0.002


class Edge(Protocol):
    """The API of the world; raises StoreUnavailable when it does not answer."""

    def recommend(self, user_id: str, limit: int, explain: bool, dry_run: bool) -> RankedList:
        """This person's list."""

    def post_events(self, events: list[Mapping[str, object]]) -> Received:
        """Say what happened; on return the broker has it."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who the story is about and what they turn to: three items of a category that they have not cared for."""

    user_id: str
    cares_for: tuple[str, ...]
    category: str
    items: tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Move:
    """One place of the list after: `was` is the item's place before, None where it was not among the shown ones."""

    item: RankedItem
    was: int | None


@dataclass(frozen=True, slots=True)
class Story:
    """What happened. `acknowledged_ms` and `visible_ms` count from the moment the three events were posted."""

    cast: Cast
    before: RankedList
    after: RankedList
    moves: tuple[Move, ...]
    acknowledged_ms: float
    visible_ms: float


def cast_of(simulation: Simulation, now_ms: int) -> Cast:
    """A person of some history who is quiet now; another one each minute.

    Raises BadInput where the simulated world is too small to have one, or three items to turn to.
    """
    visits = list(simulation.visits(now_ms - DEMO_DAYS * DAY_MS, now_ms))
    recent = {visit.person.user_id for visit in visits if visit.started_ms > now_ms - QUIET_MS}
    count: dict[str, int] = {}
    for visit in visits:
        if visit.person.user_id is not None and visit.person.user_id not in recent:
            count[visit.person.user_id] = count.get(visit.person.user_id, 0) + 1
    regulars = sorted(user_id for user_id, times in count.items() if 4 <= times <= 12)
    if not regulars:
        raise BadInput(
            "simulator.toml: nobody has 4 to 12 visits in a week and is quiet now, so the demo has nobody to show;"
            f" raise people.count ({simulation.params.people.count}) or people.sessions_per_day"
        )
    chosen = regulars[now_ms // 60_000 % len(regulars)]
    person = next(person for person in simulation.people.persons if person.user_id == chosen)
    kinds, goods = simulation.params.categories, simulation.goods
    liking = (goods.centres * person.taste).sum(axis=1)
    stocked = np.bincount(goods.category, minlength=len(kinds))
    products = [n for n, kind in enumerate(kinds) if kind.content_type == "product" and stocked[n] >= TURNED_TO]
    if not products:
        raise BadInput(
            f"simulator.toml: no category of products has {TURNED_TO} items, so the person has nothing to turn to;"
            f" raise catalogue.items ({len(goods.items)})"
        )
    least = min(products, key=lambda index: float(liking[index]))
    best = np.lexsort((np.arange(len(goods.items)), -goods.log_exposure - goods.quality))
    first, second, third = [goods.items[index].item_id for index in best if goods.category[index] == least][:TURNED_TO]
    favourites = tuple(kinds[int(index)].name for index in np.argsort(-liking, kind="stable")[:3])
    return Cast(chosen, favourites, kinds[least].name, (first, second, third))


def tell(
    edge: Edge, cast: Cast, wall_ms: Callable[[], int], monotonic: Callable[[], float], sleep: Callable[[float], None]
) -> Story:
    """Ask, act, and ask until the answer has seen the third event. Raises PartFailed when it never does."""
    before = edge.recommend(cast.user_id, SHOWN, explain=True, dry_run=False)
    acted_ms = wall_ms()
    posted = monotonic()
    received = edge.post_events(deeds(cast, acted_ms))
    acknowledged = monotonic()
    if received.rejected:
        raise PartFailed(f"the API refused the demo's own event: {received.rejected[0].detail}")
    while not has_seen(after := edge.recommend(cast.user_id, SHOWN, explain=False, dry_run=True), acted_ms):
        if monotonic() - posted > GIVE_UP_S:
            raise PartFailed(f"the events of {cast.user_id} are not in the list after {GIVE_UP_S:.0f} s")
        sleep(POLL_S)
    visible = monotonic()
    after = edge.recommend(cast.user_id, SHOWN, explain=True, dry_run=False)
    return Story(
        cast=cast,
        before=before,
        after=after,
        moves=moves(before, after),
        acknowledged_ms=1000 * (acknowledged - posted),
        visible_ms=1000 * (visible - posted),
    )


def deeds(cast: Cast, now_ms: int) -> list[Mapping[str, object]]:
    """Look at one, look at another, put a third into the cart; the newest of them now."""
    session = f"demo-{now_ms}"
    kinds = ("view", "view", "cart")
    return [
        {
            "event_id": f"{session}-{number}",
            "kind": kind,
            "user_id": cast.user_id,
            "session_id": session,
            "item_id": item,
            "occurred_at": now_ms - 2 + number,
            **({"value": 1} if kind == "cart" else {}),
        }
        for number, (kind, item) in enumerate(zip(kinds, cast.items, strict=True))
    ]


def has_seen(answer: RankedList, occurred_ms: int) -> bool:
    """Whether the newest event that the answer used is this one or a later one."""
    return answer.freshness.live is not None and answer.clock_ms - answer.freshness.live >= occurred_ms


def moves(before: RankedList, after: RankedList) -> tuple[Move, ...]:
    """Each place of the list after, and where its item was."""
    was = {item.item_id: item.place for item in before.items}
    return tuple(Move(item, was.get(item.item_id)) for item in after.items)
