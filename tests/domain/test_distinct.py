"""Distinct people out of 512 bits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.distinct import COLUMNS, LEVELS, WORDS, bits_of, distinct, words_of
from headrace.domain.events import Event, Person
from headrace.domain.facts import PEOPLE, facts_of, item_facts_of, merge_all, pack, people_of, unpack

sets = st.lists(st.text(max_size=8), max_size=40)


def sketch(people):
    return words_of(bits_of(people))


@given(sets, sets)
def test_order_repetition_and_grouping_change_nothing(left, right):
    together = sketch([*left, *right]).tolist()
    assert (sketch(left) | sketch(right)).tolist() == together
    assert sketch([*right, *reversed(left), *right]).tolist() == together


def test_a_person_is_one_bit_and_half_of_all_people_are_on_the_first_level():
    bits = bits_of(f"u:{n}" for n in range(64_000))
    assert np.bitwise_count(sketch(["u:1"]).view(np.uint64)).sum() == 1
    assert (bits.min() >= 0, bits.max() < 64 * WORDS, COLUMNS * LEVELS) == (True, True, 64 * WORDS)
    by_level = np.bincount(bits // COLUMNS, minlength=LEVELS)
    for level in range(6):  # binomial: within five deviations of what is expected
        chance = 0.5 ** (level + 1)
        assert abs(by_level[level] - 64_000 * chance) < 5 * np.sqrt(64_000 * chance * (1 - chance))
    assert np.abs(np.bincount(bits % COLUMNS) - 2_000).max() < 5 * np.sqrt(2_000)


def test_the_estimate_is_within_its_stated_error_from_one_person_to_a_hundred_thousand():
    sizes = np.array([1, 2, 3, 5, 10, 20, 50, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000])
    trials = 40
    words = []
    for trial in range(trials):
        bits = bits_of(f"u:{trial}-{n}" for n in range(sizes[-1]))
        words.append([words_of(bits[:size]) for size in sizes])
    errors = distinct(np.array(words)) / sizes - 1.0
    stated = 0.65 / np.sqrt(COLUMNS)  # 11.5 %
    deviation = np.sqrt((errors**2).mean(axis=0))
    # What 40 trials say of a deviation is itself off by 1/√80 = 11 %: twice that is allowed for, and no bias above it.
    assert (deviation < stated * (1 + 2 / np.sqrt(2 * trials))).all(), dict(zip(sizes.tolist(), deviation, strict=True))
    assert (np.abs(errors.mean(axis=0)) < 3 * stated / np.sqrt(trials)).all()
    assert np.abs(errors[:, sizes >= 5]).max() < 4 * stated
    assert np.abs(errors[:, 0]).max() < 0.01  # one person is one
    assert np.abs(distinct(np.array(words))[:, 1:3] - sizes[1:3]).max() < 1.01  # of two or three, two may share a bit


def test_nobody_is_nought_and_a_full_sketch_is_finite():
    assert distinct(np.zeros((2, 3, WORDS), dtype=np.int64)).tolist() == [[0.0] * 3] * 2
    full = distinct(np.full(WORDS, -1, dtype=np.int64))
    assert np.isfinite(full)
    assert full > 3_000_000


def test_the_estimate_is_the_most_likely_number():
    # Three bits of level 0 and one of level 1; p = 1/64 and 1/128. Likelihood of n: Π (1 − e^-np) over the set bits,
    # e^-np over the others. By brute force over a fine grid:
    words = words_of(np.array([0, 7, 31, 32]))
    n = np.arange(1.0, 20.0, 0.001)
    unset = 1.0 - 3 / 64 - 1 / 128
    likelihood = 3 * np.log1p(-np.exp(-n / 64)) + np.log1p(-np.exp(-n / 128)) - n * unset
    assert distinct(words) == pytest.approx(n[np.argmax(likelihood)], abs=0.002)


def test_items_know_their_people_and_people_carry_no_words():
    events = [
        Event(event_id=f"e{n}", kind="view", person=Person(f"u:{n % 3}"), occurred_at=1, received_at=1)
        for n in range(30)
    ]
    item = unpack(pack(merge_all(item_facts_of(event, "GBP") for event in events)))
    person = merge_all(facts_of(event, "GBP") for event in events)
    assert people_of(item).tolist() == sketch(["u:0", "u:1", "u:2"]).tolist()
    assert round(float(distinct(people_of(item)))) == 3
    assert people_of(person).tolist() == [0] * len(PEOPLE)
