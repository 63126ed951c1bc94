"""Who comes when, and what for: visits drawn minute by minute, so that any stretch of time can be made on its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from headrace.local.simulator.goods import Floats, Goods
from headrace.local.simulator.params import Params
from headrace.local.simulator.people import People, Person, make_person

MINUTE_MS: Final = 60_000
_MINUTES_PER_DAY: Final = 1440
_DAYS_FROM_MONDAY: Final = 3  # 1970-01-01 was a Thursday


@dataclass(frozen=True, slots=True)
class Visit:
    """One session before anything happened in it: the ground truth. `seed` decides everything that will.

    `category` is what it is about, `price` the log of the price level wanted, over the category's own.
    """

    session_id: str
    person: Person
    category: int
    price: float
    started_ms: int
    seed: tuple[int, int, int, int]


def visits_of_minute(params: Params, goods: Goods, people: People, seed: int, minute: int) -> Iterator[Visit]:
    """Every visit that starts in a minute (counted from 1970 UTC), in order of its start."""
    rng = np.random.default_rng([seed, 3, minute])
    rates = people.sessions_per_day * _rhythm(params, minute + people.offset_min)
    returning = [people.persons[index] for index in np.flatnonzero(rng.poisson(rates))]
    strangers = int(rng.poisson(params.people.anonymous_per_day * float(_rhythm(params, np.array([minute]))[0])))
    newcomers = [make_person(params, goods, rng, None, 1.0) for _ in range(strangers)]
    starts = np.sort(rng.integers(MINUTE_MS, size=len(returning) + strangers))
    for number, (person, start) in enumerate(zip([*returning, *newcomers], starts, strict=True)):
        wanted = params.people.focus * (goods.centres * person.taste).sum(axis=1) + rng.gumbel(size=len(goods.centres))
        yield Visit(
            session_id=f"v{minute}-{number}",
            person=person,
            category=int(wanted.argmax()),
            price=person.budget + 0.2 * float(rng.normal()),
            started_ms=minute * MINUTE_MS + int(start),
            seed=(seed, 4, minute, number),
        )


def utility(params: Params, goods: Goods, visit: Visit) -> Floats:
    """float64 [n]: how much this visit's person wants each item now; the truth that regret is measured against."""
    weights = params.utility
    taste = (goods.places * visit.person.taste).sum(axis=1)
    about = goods.category == visit.category
    too_far = np.abs(goods.log_price - visit.price)
    wanted: Floats = weights.taste * taste + weights.intent * about - weights.price * too_far + goods.quality
    return wanted


def _rhythm(params: Params, local_minute: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Floats:
    """The share of a day's visits that start in a minute, by its hour and weekday."""
    hours = np.array(params.rhythm.hours, dtype=np.float64)
    weekday = (local_minute // _MINUTES_PER_DAY + _DAYS_FROM_MONDAY) % 7
    of_hour = hours[local_minute // 60 % 24] / hours.sum() / 60
    shares: Floats = np.where(weekday >= 5, params.rhythm.weekend, 1.0) * of_hour
    return shares
