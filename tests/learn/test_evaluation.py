"""Three people, six items, lists short enough to judge by hand. Place i is worth 1 / log2(i + 1): 1, 0.63093, 0.5."""

from __future__ import annotations

import numpy as np
import pytest

from headrace.learn.evaluation import Judge, evaluate
from headrace.learn.retrieval import Catalogue, popularity_order
from tests.learn.shelves import uncategorised

POPULARITY = np.array([5, 9, 0, 5, 1, 0], dtype=np.int64)  # order: 1, 0, 3, 4; 2 and 5 reached nobody
MODEL = Catalogue(
    np.zeros((6, 1), np.float32),
    np.zeros((6, 0), np.int32),
    np.zeros((6, 0), np.float32),
    POPULARITY,
    popularity_order(POPULARITY),
    **uncategorised(6),
)


def judge(seen: set[int], relevant: set[int], served: tuple[int, ...], own: tuple[int, ...] = ()) -> Judge:
    return Judge(frozenset(seen), frozenset(relevant), served, own, als=(2,), item_to_item=())


JUDGES = [
    judge(seen={2}, relevant={2, 0}, served=(2, 1, 0), own=(2,)),
    judge(seen={0}, relevant={0}, served=(3, 0), own=(0,)),
    judge(seen={4}, relevant={2}, served=(4, 1), own=(4,)),
]


def test_every_list_is_judged_on_the_same_people() -> None:
    found = evaluate(JUDGES, MODEL, people=7, cut_ms=3)
    assert (found.people, found.judged, found.cut_ms) == (7, 3, 3)
    # served: hits at 1 and 3 of two → 1.5 / 1.63093; hit at 2 → 0.63093; none.
    assert found.model.ndcg == pytest.approx((1.5 / 1.63093 + 0.63093 + 0) / 3, abs=1e-5)
    assert found.model.recall == pytest.approx((1 + 1 + 0) / 3)
    assert found.model.hit_rate == pytest.approx(2 / 3)
    assert found.model.coverage == pytest.approx(5 / 6)  # 2, 1, 0, 3 and 4 were shown
    # popularity 1, 0, 3, 4: 0 is at 2, for the first of two relevant, for the second of one; the third gets nothing.
    assert found.popularity.ndcg == pytest.approx((0.63093 / 1.63093 + 0.63093 + 0) / 3, abs=1e-5)
    # own, then what is popular and not their own: 2 1 0 3 4; 0 1 3 4; 4 1 0 3.
    assert found.own_history.ndcg == pytest.approx((1.5 / 1.63093 + 1 + 0) / 3, abs=1e-5)


def test_the_lead_is_paired_by_person() -> None:
    found = evaluate(JUDGES, MODEL, people=3, cut_ms=3)
    ahead = (1.5 - 0.63093) / 1.63093  # the first person's; the others' is 0
    assert found.lead == pytest.approx(ahead / 3, abs=1e-5)
    # Values a, 0, 0 around a / 3: s² = (4 + 1 + 1) a² / 9 / 2 = a² / 3, so s / √3 = a / 3.
    assert found.lead_error == pytest.approx(ahead / 3, abs=1e-5)


def test_new_items_are_judged_on_those_who_chose_some() -> None:
    found = evaluate(JUDGES, MODEL, people=3, cut_ms=3)
    # The first chose 0, which was new; the second nothing new; the third 2.
    assert found.new_judged == 2
    assert found.new_model.ndcg == pytest.approx((0.63093 + 0) / 2, abs=1e-5)  # without 2: 1, 0; without 4: 1
    assert found.new_popularity.ndcg == pytest.approx((0.63093 + 0) / 2, abs=1e-5)  # 1, 0, …; then 1, 0, 3
    assert found.new_als.ndcg == pytest.approx((0 + 1) / 2)
    assert found.new_item_to_item.ndcg == 0.0
