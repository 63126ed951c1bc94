"""One place of a small share of lists is drawn instead of ranked, with a known chance. No generator state, no clock.

For place k of L places: the draw is among the item that the rules put there and every eligible one that is not in the
list, so the other places stand still and each place's propensity has a closed form:
the ruled item: (1 − ε) + ε·((L − 1)/L + p_k/L); a drawn one: ε·p_k/L. Over the pool they sum to 1 at every place.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headrace.domain.answer import Step
from headrace.domain.compiled import compiled
from headrace.domain.scoring import MICRO

EXPLORATION = "exploration"
_WORD: Final = 1 << 64
_GRAIN: Final = 1 << 40  # weights of a draw are integers of this grain: at most 1,000 of them fit int64 when summed


@dataclass(frozen=True, slots=True)
class Seed:
    """Three independent uniform 64-bit integers of a request: whether, where, which."""

    whether: int
    where: int
    which: int


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """place: drawn place, None where nothing was drawn; row: what is put there; propensities: float64 [places] of
    what is served at each place in the end."""

    place: int | None
    row: int | None
    propensities: NDArray[np.float64]


def seed_of(secret: bytes, request_id: str) -> bytes:
    """HMAC-SHA256 of the request id: nobody without the secret can pick an id that explores."""
    return hmac.digest(secret, request_id.encode(), "sha256")


def words(seed: bytes) -> Seed:
    """The first 24 of the 32 bytes of a seed."""
    return Seed(*(int.from_bytes(seed[at : at + 8], "big") for at in (0, 8, 16)))


BARRED: Final = int(np.iinfo(np.int64).min)
"""A score that says: not eligible at this place."""


@compiled
def softmax_with_floor(scores: NDArray[np.int64], temperature: float, floor: float) -> NDArray[np.int64]:
    """Integer weights of a draw: int64 [n], each ≥ 1 unless its score is BARRED.

    (1 − floor)·softmax(score / temperature) + floor / n, in units of 2⁻⁴⁰; weight / Σ weights is the exact chance.
    """
    best, eligible = BARRED, 0
    for score in scores:
        best, eligible = max(best, score), eligible + (score != BARRED)
    shares, whole = np.zeros(len(scores)), 0.0
    for row, score in enumerate(scores):
        if score != BARRED:
            shares[row] = np.exp((score - best) / (MICRO * temperature))
            whole += shares[row]
    weights = np.zeros(len(scores), dtype=np.int64)
    for row, score in enumerate(scores):
        if score != BARRED:  # cut off: a share is never negative
            weights[row] = np.int64((shares[row] * (1.0 - floor) / whole + floor / eligible) * _GRAIN) + 1
    return weights


def draw(
    served: NDArray[np.int64],
    rest: NDArray[np.int64],
    scores: NDArray[np.int64],
    allowed: NDArray[np.bool_],
    seed: bytes,
    rate: float,
    temperature: float,
    floor: float,
) -> Draw:
    """Decide whether to explore, where, and with what.

    served int64 [L]: rows in ruled order; rest int64 [r]: eligible rows outside the list; scores int64 of every row;
    allowed bool [L, r]: whether the rules let rest[j] stand at place i.
    """
    places = len(served)
    if not places or not len(rest) or rate <= 0:
        return Draw(None, None, np.ones(places))
    weights = _weights(scores[served], scores[rest], allowed, temperature, floor)
    totals = weights.sum(axis=1)
    stays = weights[:, 0] / totals
    propensities = (1.0 - rate) + rate * ((places - 1) / places + stays / places)
    word = words(seed)
    if word.whether >= int(rate * _WORD):
        return Draw(None, None, propensities)
    place = word.where * places >> 64
    target = word.which * int(totals[place]) >> 64
    column = int(np.searchsorted(np.cumsum(weights[place]), target, side="right"))
    if column == 0:
        return Draw(place, int(served[place]), propensities)
    propensities[place] = rate * (weights[place, column] / totals[place]) / places
    return Draw(place, int(rest[column - 1]), propensities)


@compiled
def _weights(
    served: NDArray[np.int64],
    rest: NDArray[np.int64],
    allowed: NDArray[np.bool_],
    temperature: float,
    floor: float,
) -> NDArray[np.int64]:
    """int64 [places, 1 + rest]: of each place's own item and of what may stand there, by their scores."""
    weights = np.empty((len(served), 1 + len(rest)), dtype=np.int64)
    scores = np.empty(1 + len(rest), dtype=np.int64)
    for place in range(len(served)):
        scores[0] = served[place]
        for row in range(len(rest)):
            scores[1 + row] = rest[row] if allowed[place, row] else BARRED
        weights[place] = softmax_with_floor(scores, temperature, floor)
    return weights


def swap_steps(item: str, from_place: int, to_place: int, displaced: str) -> list[Step]:
    """The drawn item and the displaced one change places, as two moves."""
    there = Step(EXPLORATION, item, from_place, to_place, displaced)
    if from_place == to_place + 1:
        return [there]
    return [there, Step(EXPLORATION, displaced, to_place + 1, from_place, item)]
