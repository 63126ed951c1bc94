"""The simulated people: their latent tastes, habits and devices. What they do on a visit is in visits.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headrace.local.simulator.goods import Floats, Goods, unit
from headrace.local.simulator.params import Params
from headrace.local.wire import WirePlace

DEVICES: Final = ("phone", "desktop", "tablet")
_DEVICE_SHARES: Final = (0.6, 0.3, 0.1)

CITIES: Final = (
    (WirePlace(51.507, -0.128), 0),
    (WirePlace(53.481, -2.242), 0),
    (WirePlace(55.953, -3.189), 0),
    (WirePlace(52.520, 13.405), 60),
    (WirePlace(40.713, -74.006), -300),
)
"""Where people live, and how many minutes their clocks are ahead of UTC (summer time is left out)."""
_CITY_SHARES: Final = (0.4, 0.2, 0.15, 0.15, 0.1)


@dataclass(frozen=True, slots=True)
class Person:
    """One person, or one visitor without an account (`user_id` is None). `taste` is float64 [d], of unit length."""

    user_id: str | None
    taste: Floats
    budget: float
    device: str
    place: WirePlace
    tz_offset_min: int
    sessions_per_day: float


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Everybody with an account; `offset_min` and `sessions_per_day` are theirs as arrays [count]."""

    persons: tuple[Person, ...]
    offset_min: NDArray[np.int64]
    sessions_per_day: Floats


def make_people(params: Params, goods: Goods, seed: int) -> People:
    """The people of a seed."""
    rng = np.random.default_rng([seed, 2])
    spread = params.people.activity_spread
    persons = tuple(
        make_person(params, goods, rng, f"p{number:04}", float(rng.lognormal(-spread * spread / 2, spread)))
        for number in range(1, params.people.count + 1)
    )
    return People(
        persons,
        np.array([person.tz_offset_min for person in persons], dtype=np.int64),
        np.array([person.sessions_per_day for person in persons]),
    )


def make_person(params: Params, goods: Goods, rng: np.random.Generator, user_id: str | None, activity: float) -> Person:
    """One person who is drawn to a few categories and comes `activity` times as often as the average."""
    favourites = rng.choice(len(goods.centres), size=params.people.tastes, replace=False)
    weights = rng.dirichlet(np.full(params.people.tastes, 2.0))
    taste = (weights[:, None] * goods.centres[favourites]).sum(axis=0) + 0.15 * rng.normal(size=goods.centres.shape[1])
    place, offset = CITIES[rng.choice(len(CITIES), p=_CITY_SHARES)]
    return Person(
        user_id=user_id,
        taste=unit(taste),
        budget=float(params.people.budget_spread * rng.normal()),
        device=DEVICES[rng.choice(len(DEVICES), p=_DEVICE_SHARES)],
        place=place,
        tz_offset_min=offset,
        sessions_per_day=params.people.sessions_per_day * activity,
    )
