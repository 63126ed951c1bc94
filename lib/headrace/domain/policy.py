"""How a list is made: sizes, weights, rules and exploration as one frozen value. No request, no state."""

from __future__ import annotations

from dataclasses import dataclass

from headrace.domain.scoring import WEIGHTS, Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """candidates        most items that are scored for one request
    category_cap      at most so many items of one category among the first `capped_places`; 0 turns the rule off
    exploration_rate  ε: share of requests in which one slot is drawn; temperature and floor shape that draw
    currency          the world's; prices in others are not looked at
    """

    candidates: int = 200
    category_cap: int = 5
    capped_places: int = 10
    exploration_rate: float = 0.05
    temperature: float = 1.0
    floor: float = 0.01
    currency: str = "GBP"
    weights: Weights = WEIGHTS
