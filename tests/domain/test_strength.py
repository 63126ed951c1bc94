"""How much an event says."""

import numpy as np
import pytest

from headrace.domain.facts import facts_of
from headrace.domain.strength import KIND_CODE, KIND_STRENGTH, neutral_value_milli, strengths, strengths_of_facts
from tests.domain.small import event


def strength(kind: str, value_milli: int | None = None) -> float:
    value = neutral_value_milli(kind) if value_milli is None else value_milli
    return float(strengths(np.array([KIND_CODE[kind]]), np.array([value]))[0])


@pytest.mark.parametrize(
    ("kind", "value_milli", "expected"),
    [
        ("purchase", 7_000, 5.0),  # the quantity says nothing more
        ("hide", None, -3.0),
        ("impression", None, 0.0),
        ("rating", 5_000, 2.0),
        ("rating", 1_000, -2.0),
        ("rating", 10_000, 2.0),  # a ten-star scale cannot outweigh a purchase
        ("rating", None, 0.0),
        ("dwell", 30_000_000, 1.0),  # 30 s: 2·30/(30+30)
        ("dwell", 90_000_000, 1.5),  # 90 s: 2·90/(90+30)
        ("dwell", -5_000, 0.0),
        ("dwell", None, 0.0),
        ("watch", 120_000_000, 1.0),
        ("pause", 10_000_000, 0.5),  # 10 s: 10/(10+10)
        ("pause", 30_000_000, 0.75),  # 30 s: 30/(30+10)
        ("pause", None, 0.0),
    ],
)
def test_an_event_says_what_its_kind_and_value_say(kind: str, value_milli: int | None, expected: float) -> None:
    assert strength(kind, value_milli) == expected


@pytest.mark.parametrize("kind", sorted(KIND_STRENGTH))
def test_the_facts_of_one_event_say_what_the_event_says(kind: str) -> None:
    one = event(kind, "mug", value_milli=4_000_000)
    assert strengths_of_facts(facts_of(one, "GBP")) == pytest.approx(strength(kind, 4_000_000))


def test_facts_of_several_events_saturate_time_together() -> None:
    # two dwells of 15 s are 30 s: 2·30/60 = 1; with a view 2
    facts = sum(facts_of(event("dwell", "mug", value_milli=15_000_000), "GBP")[:23] for _ in range(2))
    whole = facts_of(event("view", "mug"), "GBP")
    whole[:23] += facts
    assert strengths_of_facts(whole) == 2.0
