"""Lists as bytes, what the law reads of them, and a decision made with them answered again."""

from dataclasses import replace

import numpy as np
import pytest

from headrace.domain.answer import Answer
from headrace.domain.catalogue import ItemMeta
from headrace.domain.decision import answer_again, decode, encode, record_of, response_hash
from headrace.domain.inputs import Inputs
from headrace.domain.policy import Policy
from headrace.domain.recommend import recommend
from headrace.domain.record import Record
from headrace.domain.snapshots import Snapshots
from headrace.domain.trend_lists import (
    MOST_BYTES,
    id_of,
    no_trends,
    pack,
    read_off,
    unpack,
    values_of,
)
from headrace.domain.trending import trending
from headrace.domain.trends import Ranked, Trends
from tests.domain.small import event, inputs, snapshots

TRENDS = Trends(
    {
        ("1h", "popular"): Ranked(("bat", "gone", "mug"), (7_000_000, 5_000_000, 3_000_000)),
        ("1d", "click_through"): Ranked(("pan", "pot"), (80_000, 30_000)),
    },
    {"1h": 0, "1d": 40_000},
)
INDEX = {"mug": 0, "pan": 1, "pot": 2, "bat": 3}


def recorded(asked: Inputs, seen: Snapshots, policy: Policy, answer: Answer, *, context_kept: bool = True) -> Record:
    return record_of(
        request_id="r",
        parent_id=None,
        build="b",
        placement="p",
        request="{}",
        inputs=asked,
        snapshots=seen,
        policy=policy,
        answer=answer,
        context_kept=context_kept,
    )


def test_unpacking_gives_back_what_was_packed_and_the_same_lists_have_one_name() -> None:
    packed = pack(TRENDS)
    assert unpack(packed) == TRENDS
    assert id_of(packed) == id_of(pack(TRENDS)) != id_of(pack(replace(TRENDS, rates={})))


def test_long_ids_cost_the_ends_of_the_lists_and_never_the_limit() -> None:
    chance = np.random.default_rng(1)
    ids = tuple("".join(map(chr, chance.integers(0x4E00, 0x9FA5, 128))) for _ in range(1600))
    lists = {(f"w{at}", "popular"): Ranked(ids[200 * at : 200 * at + 200], tuple(range(200, 0, -1))) for at in range(8)}
    packed = pack(Trends(lists, {}))
    assert len(packed) <= MOST_BYTES
    assert unpack(packed).lists["w7", "popular"].items == ids[1400:1425]  # 200, 100, 50 were too many


@pytest.mark.parametrize("wrong", [b"", b"nothing", pack(TRENDS)[:-1]])
def test_other_bytes_are_refused(wrong: bytes) -> None:
    with pytest.raises(ValueError, match="not packed trends"):
        unpack(wrong)


def test_values_by_hand_and_none_for_items_that_are_not_listed_or_not_known() -> None:
    values = values_of("t-1", TRENDS, INDEX)
    items = np.array([3, 0, 1, 2, 5])
    assert values.items.tolist() == [0, 1, 2, 3]
    assert values.top.tolist() == [3, 0], "best first"
    lately, above = read_off(values, items)
    assert lately.tolist() == [1.0, np.log1p(3) / np.log1p(7), 0.0, 0.0, 0.0]
    assert above.tolist() == [0.0, 0.0, 0.5, 0.0, 0.0]  # 1 − 4/8; pot is below the average


def test_without_trends_every_value_is_zero() -> None:
    assert [column.tolist() for column in read_off(no_trends(), np.array([0, 1]))] == [[0.0, 0.0], [0.0, 0.0]]


def test_a_decision_made_with_trends_is_answered_again_without_their_snapshot() -> None:
    now = snapshots({"new": ItemMeta(title="New"), "mug": None})
    lists = {**TRENDS.lists, ("1h", "popular"): Ranked(("new", "mug", "bat"), (9_000_000, 7_000_000, 3_000_000))}
    seen = replace(now, trends=values_of("t-1", replace(TRENDS, lists=lists), now.catalogue.index))
    asked, policy = inputs([event("view", "pan")], limit=5), Policy(exploration_rate=0.0)
    answer = recommend(asked, seen, policy)
    record = recorded(asked, seen, policy, answer)
    assert record["trends"]["id"] == "t-1"
    assert record["trends"]["items"] == [1, 2, 3, "new"]  # the deleted mug is no candidate
    assert record["trends"]["top"] == ["new", 0, 3]
    assert response_hash(answer) != response_hash(recommend(asked, now, policy))
    again = answer_again(decode(encode(record)), now)
    assert response_hash(again) == record["response_hash"]
    assert again.features.tobytes() == answer.features.tobytes()


def test_a_list_holds_living_items_and_those_of_a_category_alone() -> None:
    catalogue = snapshots({"bat": None}).catalogue
    assert [one.item for one in trending(TRENDS, catalogue, "1h", "popular", None, 9)] == ["mug"]
    shown = trending(TRENDS, catalogue, "1d", "click_through", "kitchen", 1)
    assert [(one.item, one.score, one.source) for one in shown] == [("pan", 80_000, "click_through")]
    assert trending(TRENDS, catalogue, "1d", "click_through", "sport", 9) == ()
    assert trending(TRENDS, catalogue, "1d", "click_through", "no such", 9) == ()


def test_without_trends_the_models_popularity_stands_in() -> None:
    shown = trending(None, snapshots().catalogue, "1h", "rising", None, 2)
    assert [(one.item, one.score, one.source) for one in shown] == [("bat", 0, "popularity"), ("mug", 0, "popularity")]


def test_what_trends_is_a_candidate_however_new_it_is() -> None:
    # Of two candidates bat is the first by the model, and nobody had seen the new item when it was made.
    now, asked = snapshots({"new": ItemMeta(title="New")}), inputs(limit=2)
    small = Policy(candidates=2, exploration_rate=0.0)
    assert recommend(asked, now, small).items == ("bat", "mug")
    trends = Trends({("1h", "popular"): Ranked(("new", "pot"), (9_000_000, 1_000_000))}, {})
    seen = replace(now, trends=values_of("t-1", trends, now.catalogue.index))
    answer = recommend(asked, seen, small)
    assert set(answer.items) == {"new", "pot"}, "what is found comes before what fills up"
    assert {slot.item: slot.sources for slot in answer.slots}["new"] == ("trending",)


def test_a_decision_that_may_not_tell_its_candidates_tells_none_by_its_trends() -> None:
    now = snapshots()
    seen = replace(now, trends=values_of("t-1", TRENDS, now.catalogue.index))
    asked, policy = inputs(context=(event("view", "pan"),)), Policy()
    record = recorded(asked, seen, policy, recommend(asked, seen, policy), context_kept=False)
    assert record["trends"]["items"] == []
