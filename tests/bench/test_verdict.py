"""The judge of the fault bench sees what is wrong, what is missing and what is there twice, and nothing else."""

from __future__ import annotations

from bench.verdict import Verdict, judge_rows, judge_totals

from headrace.domain.facts import COUNTS, FACTS, PLACE_OF, zero


def facts(**changed: int) -> list[int]:
    row = zero().tolist()
    for name, value in changed.items():
        row[PLACE_OF[name]] = value
    return row


def test_equal_totals_are_clean() -> None:
    held = {"a": facts(n_view=2, dwell_ms=7)}
    assert judge_totals(held, {"a": facts(n_view=2, dwell_ms=7)}).clean


def test_events_that_count_again_are_twice_and_those_that_do_not_are_lost() -> None:
    expected = {"a": facts(n_view=2), "b": facts(n_cart=3), "c": facts(n_view=1)}
    held = {"a": facts(n_view=4), "b": facts(n_cart=1)}
    assert judge_totals(expected, held) == Verdict(wrong=0, lost=2 + 1, twice=2)


def test_other_facts_under_the_same_count_and_rows_of_nobody_are_wrong() -> None:
    expected = {"a": facts(n_view=1, dwell_ms=7), "b": facts(n_view=1)}
    held = {"a": facts(n_view=1, dwell_ms=8), "b": facts(n_click=1), "x": facts(n_view=1)}
    assert judge_totals(expected, held) == Verdict(wrong=3)
    assert len(COUNTS) < len(FACTS)


def test_rows_of_a_table_are_each_there_once_with_their_value() -> None:
    expected = {"a": 1, "b": 2, "c": 3}
    assert judge_rows(expected, [("a", 1), ("b", 2), ("c", 3)]).clean
    assert judge_rows(expected, [("a", 1), ("a", 1), ("a", 1), ("b", 7)]) == Verdict(wrong=1, lost=1, twice=2)
