"""How much each kind of event says for or against an item. No decay, no normalising: those belong to the model.

Weights are integer thousandths, so that a sum over events depends on neither order nor grouping.
"""

from __future__ import annotations

from typing import Final, Literal

Weighting = Literal["binary", "kind"]

KIND_MILLI: Final = {
    "view": 1_000,
    "click": 2_000,
    "watch": 2_000,
    "dwell": 1_000,
    "like": 5_000,
    "cart": 5_000,
    "playlist_add": 5_000,
    "purchase": 10_000,
    "skip": -1_000,
    "uncart": -5_000,
    "dislike": -10_000,
    "hide": -10_000,
}
"""Fixed weights. An impression, a search and a pause say nothing about an item by themselves, a rating its stars."""

PLAIN_RATING_MILLI: Final = 3_000  # a rating without a value: somebody cared enough to rate
MAX_RATING_MILLI: Final = 10_000  # a 0-100 scale must not outweigh ten purchases


def weight_milli(kind: str, value_milli: int | None) -> int:
    """What one event says for its item, in thousandths; negative: against it.

    >>> weight_milli("purchase", 3_000), weight_milli("rating", 4_000), weight_milli("hide", None)
    (10000, 4000, -10000)
    """
    if kind == "rating":
        return PLAIN_RATING_MILLI if value_milli is None else max(0, min(value_milli, MAX_RATING_MILLI))
    return KIND_MILLI.get(kind, 0)


def is_positive(kind: str, value_milli: int | None) -> bool:
    """Whether the event speaks for its item at all."""
    return weight_milli(kind, value_milli) > 0
