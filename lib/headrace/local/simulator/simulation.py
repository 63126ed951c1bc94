"""The simulated world as one value: its catalogue, its people, and its events between any two moments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from headrace.local.simulator.behaviour import play
from headrace.local.simulator.goods import Floats, Goods, make_goods
from headrace.local.simulator.params import Params
from headrace.local.simulator.people import People, make_people
from headrace.local.simulator.visits import MINUTE_MS, Visit, utility, visits_of_minute
from headrace.local.wire import WireEvent, WireItem


@dataclass(frozen=True, slots=True)
class Simulation:
    """Everything follows from the parameters and the seed; two stretches of time joined equal the whole stretch."""

    params: Params
    seed: int
    goods: Goods
    people: People

    @classmethod
    def of(cls, params: Params, seed: int) -> Simulation:
        """The world of a seed."""
        goods = make_goods(params, seed)
        return cls(params, seed, goods, make_people(params, goods, seed))

    def catalogue(self) -> tuple[WireItem, ...]:
        """Every item; its place is the item's index in `utility`."""
        return self.goods.items

    def visits(self, from_ms: int, to_ms: int) -> Iterator[Visit]:
        """Visits that start in [from_ms, to_ms), in order: the ground truth behind `events`."""
        for minute in range(from_ms // MINUTE_MS, -(-to_ms // MINUTE_MS)):
            for visit in visits_of_minute(self.params, self.goods, self.people, self.seed, minute):
                if from_ms <= visit.started_ms < to_ms:
                    yield visit

    def utility(self, visit: Visit) -> Floats:
        """float64 [items]: how much the visitor wants each item at that moment."""
        return utility(self.params, self.goods, visit)

    def play(self, visit: Visit) -> list[WireEvent]:
        """The visit's events, in order of occurrence."""
        return play(self.params, self.goods, visit)

    def events(self, from_ms: int, to_ms: int) -> Iterator[WireEvent]:
        """Events received in [from_ms, to_ms), by received_at, then event_id."""
        pending: list[WireEvent] = []
        earliest = from_ms - self.longest_ms
        for minute in range(earliest // MINUTE_MS, -(-to_ms // MINUTE_MS)):
            for visit in visits_of_minute(self.params, self.goods, self.people, self.seed, minute):
                pending += [event for event in self.play(visit) if from_ms <= event.received_at < to_ms]
            settled_ms = (minute + 1) * MINUTE_MS
            yield from sorted((e for e in pending if e.received_at < settled_ms), key=_arrival)
            pending = [event for event in pending if event.received_at >= settled_ms]
        yield from sorted(pending, key=_arrival)

    @property
    def longest_ms(self) -> int:
        """No event of a visit is received later than this after the visit started: its end and the longest delay."""
        return (self.params.visit.max_minutes + 1) * MINUTE_MS


def _arrival(event: WireEvent) -> tuple[int, str]:
    return event.received_at, event.event_id
