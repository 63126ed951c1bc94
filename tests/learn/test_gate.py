from __future__ import annotations

from dataclasses import replace

import pytest

from headrace.learn.evaluation import Evaluation, Quality
from headrace.learn.gate import Served, decide, served_from

SERVED = Served("m1", cut_ms=1, ndcg=0.30, ndcg_error=0.01, popularity_ndcg=0.10)


def quality(ndcg: float) -> Quality:
    return Quality(ndcg=ndcg, ndcg_error=0.01, recall=0.1, hit_rate=0.5, map=0.1, coverage=0.2)


def evaluation(
    ndcg: float, popularity: float = 0.10, judged: int = 500, cut_ms: int = 1, lead_error: float = 0.0
) -> Evaluation:
    rest = quality(0.05)
    return Evaluation(
        weights="w-1",
        cut_ms=cut_ms,
        people=judged,
        judged=judged,
        model=quality(ndcg),
        own_history=rest,
        popularity=quality(popularity),
        lead=ndcg - popularity,
        lead_error=lead_error,
        new_judged=judged,
        new_model=rest,
        new_als=rest,
        new_item_to_item=rest,
        new_popularity=rest,
    )


def test_the_first_measured_model_is_published_if_it_is_not_below_popularity() -> None:
    assert decide(evaluation(0.10), 500, None, 0.05, force=False).publish
    below = decide(evaluation(0.099), 500, None, 0.05, force=False)
    assert not below.publish
    assert below.reason == "below popularity: nDCG@10 0.0990 against 0.1000 over 500 people"


@pytest.mark.parametrize(("ndcg", "published"), [(0.40, True), (0.286, True), (0.284, False), (0.11, False)])
def test_a_drop_beyond_the_tolerance_is_refused(ndcg: float, published: bool) -> None:
    # tolerance 5 % of 0.30: the line is at 0.285.
    assert decide(evaluation(ndcg), 500, SERVED, 0.05, force=False).publish is published


def test_below_popularity_by_no_more_than_chance_is_not_below_it() -> None:
    # 0.02 below: two errors of 0.011 reach zero, two of 0.009 do not.
    assert decide(evaluation(0.08, lead_error=0.011), 500, None, 0.05, force=False).publish
    assert not decide(evaluation(0.08, lead_error=0.009), 500, None, 0.05, force=False).publish


def test_a_drop_on_other_days_is_granted_two_standard_errors_on_the_same_days_none() -> None:
    # Errors of 0.01 and 0.01 make 0.0141 together: the line falls from 0.285 to 0.2567.
    assert decide(evaluation(0.258, cut_ms=2), 500, SERVED, 0.05, force=False).publish
    assert not decide(evaluation(0.255, cut_ms=2), 500, SERVED, 0.05, force=False).publish
    assert not decide(evaluation(0.258, cut_ms=1), 500, SERVED, 0.05, force=False).publish


def test_a_holdout_that_is_harder_for_popularity_too_is_not_held_against_the_model() -> None:
    # Three times popularity then (0.30 / 0.10), three times now (0.21 / 0.07).
    assert decide(evaluation(0.21, popularity=0.07), 500, SERVED, 0.05, force=False).publish
    assert not decide(evaluation(0.19, popularity=0.07), 500, SERVED, 0.05, force=False).publish


@pytest.mark.parametrize("measured", [None, evaluation(0.0, judged=49)])
def test_too_few_people_publish_and_the_verdict_says_so(measured: Evaluation | None) -> None:
    verdict = decide(measured, 49, SERVED, 0.05, force=False)
    assert verdict.publish
    assert verdict.reason == "insufficient, published: 49 people to judge by, 50 are needed"


def test_force_publishes_a_refused_model_and_leaves_the_refusal_to_be_read() -> None:
    verdict = decide(evaluation(0.2), 500, SERVED, 0.05, force=True)
    assert (verdict.publish, verdict.passed) == (True, False)
    assert verdict.reason.startswith("forced: worse than what is served")
    assert not decide(evaluation(0.4), 500, SERVED, 0.05, force=True).reason.startswith("forced")


def test_what_a_verdict_stores_is_what_the_next_one_compares_with() -> None:
    stored = decide(evaluation(0.3), 500, None, 0.05, force=False).as_json()
    assert served_from("m1", stored) == SERVED


def test_a_model_published_without_enough_people_is_no_measure_for_the_next() -> None:
    assert served_from("m1", decide(None, 3, None, 0.05, force=False).as_json()) is None
    few = decide(replace(evaluation(0.3), judged=49), 49, None, 0.05, force=False).as_json()
    assert served_from("m1", few) is None
