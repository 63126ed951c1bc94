"""What a store holds against what it should: wrong, lost, twice. Plain values in; it reads nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from headrace.domain.facts import COUNTS

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Verdict:
    """wrong: rows that are there once with another value, or should not be there. lost, twice: events or rows."""

    wrong: int = 0
    lost: int = 0
    twice: int = 0

    def __add__(self, other: Verdict) -> Verdict:
        return Verdict(self.wrong + other.wrong, self.lost + other.lost, self.twice + other.twice)

    @property
    def clean(self) -> bool:
        return not (self.wrong or self.lost or self.twice)


def judge_totals(expected: Mapping[K, Sequence[int]], held: Mapping[K, Sequence[int]]) -> Verdict:
    """Facts per key, the counts of events first; a fault is counted in events, or as one wrong row where those agree.

    >>> judge_totals({"a": [2], "b": [1], "c": [3]}, {"a": [5], "c": [3], "d": [1]})
    Verdict(wrong=1, lost=1, twice=3)
    """
    verdict = Verdict(wrong=len(held.keys() - expected.keys()))
    for key, facts in expected.items():
        found = held.get(key, ())
        differs = _events(found) - _events(facts)
        other = differs == 0 and list(found) != list(facts)
        verdict += Verdict(int(other), max(0, -differs), max(0, differs))
    return verdict


def judge_rows(expected: Mapping[K, object], held: Iterable[tuple[K, object]]) -> Verdict:
    """Rows of an append-only table: each key once, with its value.

    >>> judge_rows({"a": 1, "b": 2, "c": 3}, [("a", 1), ("a", 1), ("b", 7)])
    Verdict(wrong=1, lost=1, twice=1)
    """
    rows = list(held)
    copies = Counter(key for key, _ in rows)
    wrong = {key for key, value in rows if key not in expected or expected[key] != value}
    lost = sum(key not in copies for key in expected)
    return Verdict(len(wrong), lost, sum(count - 1 for count in copies.values()))


def _events(facts: Sequence[int]) -> int:
    return sum(facts[: len(COUNTS)])
