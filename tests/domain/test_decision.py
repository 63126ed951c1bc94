"""The decision record: whole, small, and enough to answer again."""

import json
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.domain.catalogue import ItemMeta
from headrace.domain.decision import (
    answer_again,
    canonical,
    decode,
    eligible_hash,
    encode,
    inputs_of,
    logs_features,
    record_of,
    response_hash,
)
from headrace.domain.exploration import seed_of
from headrace.domain.facts import facts_of
from headrace.domain.features import FEATURE_SET_ID, FEATURES
from headrace.domain.here import ANY_TIME, EVER, NOWHERE, Here
from headrace.domain.inputs import Inputs, Wanted
from headrace.domain.packing import text_floats
from headrace.domain.panes import DAY_MS, pane_of
from headrace.domain.policy import Policy
from headrace.domain.recommend import recommend, rerank
from headrace.domain.record import Record, slot_plain, steps_plain
from headrace.domain.scoring import WEIGHTS
from headrace.domain.snapshots import Snapshots
from headrace.domain.taste import Taste
from tests.domain.small import CLOCK, ITEMS, batch, event, inputs, orders_from, snapshots

SMALL = snapshots({"new": ItemMeta(category="garden", price_minor=700), "net": None})
USUAL = Policy()
TASTE = Taste(
    categories=("kitchen", "closed"),
    category_strength=np.array([1.7, -0.3], dtype=np.float32),
    items=np.array([1, 5], dtype=np.uint32),
    item_strength=np.array([2.9, -3.1], dtype=np.float32),
    as_of_ms=CLOCK - 3 * DAY_MS,
    last_ms=CLOCK - 2,  # the newest two events of TAIL are newer
)
UNTASTED = batch([("pan", "als", 0.1), ("odd", "own_history", 2.0), ("bat", "item_to_item", 0.7)], (0.3, -0.2))
BATCH = replace(UNTASTED, taste=TASTE)
TAIL = (
    event("view", "mug", 3, price_minor=500, currency="GBP", session_id="s"),
    event("dwell", "mug", 2, value_milli=12_345_678, session_id="s"),
    event("cart", "new", 1, session_id="s", late=True),
    event("hide", "stranger", 9_000_000),
    event("search", None, 0, session_id="s", query="pans"),
)
PANES = {
    (pane_of(CLOCK), "kitchen", "product"): facts_of(TAIL[0], "GBP"),
    (pane_of(CLOCK), "sport", "unknown"): facts_of(TAIL[1], "GBP"),
    (pane_of(CLOCK) - DAY_MS, "sport", "product"): facts_of(TAIL[1], "GBP"),
}


def full(**fields: object) -> Inputs:
    plain = {"batch": BATCH, "panes": PANES, "limit": 4, "wanted": Wanted(price_to=5000), "exclude": ("bat", "x")}
    return inputs(TAIL, **{**plain, **fields})


def record(asked: Inputs, policy: Policy = USUAL, of: Snapshots = SMALL, **fields: object) -> Record:
    plain = {
        "request_id": "r-1",
        "parent_id": None,
        "build": "0.1.0 lock-1 avx2",
        "placement": "home",
        "request": '{"user_id":"ann"}',
        "inputs": asked,
        "snapshots": of,
        "policy": policy,
        "answer": recommend(asked, of, policy),
    }
    return record_of(**{**plain, **fields})


def served(answer) -> bytes:
    return canonical([[slot_plain(slot) for slot in answer.slots], steps_plain(answer.steps)]).encode()


def test_a_decision_is_answered_again_byte_for_byte() -> None:
    asked, policy = full(), Policy(exploration_rate=1.0)
    answer = recommend(asked, SMALL, policy)
    read = decode(encode(record(asked, policy)))
    again = answer_again(read, SMALL)
    assert served(again) == served(answer)
    assert response_hash(again) == read["response_hash"]
    assert eligible_hash(again.pool, SMALL) == read["eligible"]
    assert again.features.tobytes() == answer.features.tobytes()


@pytest.mark.parametrize(
    ("here", "plain"),
    [
        (NOWHERE, None),
        (Here(hour=0, weekday=6), {"hour": 0, "weekday": 6}),
        (Here(0x871F1D489FFFFFF, 0x851F1D4BFFFFFFF), {"cell": "871f1d489ffffff", "parent": "851f1d4bfffffff"}),
    ],
)
def test_where_and_when_the_person_was_is_in_the_record_and_the_answer(here: Here, plain: dict | None) -> None:
    asked = full(here=here)
    counts = {EVER: {0: 20, 2: 80}, (0x851F1D4BFFFFFFF, ANY_TIME): {0: 15, 2: 35}, (0, 54): {0: 1, 2: 60}}
    of = replace(SMALL, model=replace(SMALL.model, orders=orders_from(counts)))
    made = record(asked, of=of)
    read = decode(encode(made))
    assert read.get("here") == plain
    assert inputs_of(read, of).here == here
    assert response_hash(answer_again(read, of)) == read["response_hash"]
    assert (read["response_hash"] == record(full(), of=of)["response_hash"]) == (here == NOWHERE)  # it counted


rows = st.lists(
    st.tuples(
        st.sampled_from(["view", "dwell", "like", "hide", "purchase", "rating"]),
        st.sampled_from([*ITEMS, "new", "stranger"]),
        st.integers(-300_000, 100_000_000),
        st.one_of(st.none(), st.integers(-(2**53), 2**53)),
        st.one_of(st.none(), st.integers(0, 10**12)),
        st.booleans(),
    ),
    max_size=6,
)


@settings(max_examples=40)
@given(
    rows,
    rows,
    st.binary(min_size=32, max_size=32),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.sampled_from([None, UNTASTED, BATCH]),
)
def test_any_decision_is_answered_again_byte_for_byte(tail, context, seed, rate, found) -> None:
    events = [
        [
            event(kind, item, ago, event_id=f"e{place}", value_milli=value, price_minor=price, late=late)
            for place, (kind, item, ago, value, price, late) in enumerate(each)
        ]
        for each in (tail, context)
    ]
    panes = {
        (pane_of(one.occurred_at), one.category or "unknown", one.content_type or "unknown"): facts_of(one, "GBP")
        for one in events[0]
    }
    asked = inputs(events[0], context=tuple(events[1]), seed=seed, panes=panes, batch=found, limit=4)
    policy = Policy(exploration_rate=rate, category_cap=1)
    read = decode(encode(record(asked, policy)))
    assert served(answer_again(read, SMALL)) == served(recommend(asked, SMALL, policy))


def test_a_reranked_page_is_answered_again_too() -> None:
    page = ["stranger", "pan", "mug"]
    asked = full()
    answer = rerank(asked, SMALL, Policy(), page)
    read = decode(encode(record(asked, answer=answer, given=page)))
    assert served(answer_again(read, SMALL)) == served(answer)


def test_the_record_says_what_it_was_made_from() -> None:
    asked = full()
    answer = recommend(asked, SMALL, Policy())
    read = decode(encode(record(asked, degraded=["panes"], work_level=1, parent_id="r-0")))
    assert (read["schema"], read["request_id"], read["parent_id"], read["build"]) == (
        2,
        "r-1",
        "r-0",
        "0.1.0 lock-1 avx2",
    )
    assert (read["clock"], read["placement"], read["person"]) == (CLOCK, "home", "u:ann")
    assert (read["model"], read["catalogue"], read["feature_set_id"]) == ("m1", "m1+1", FEATURE_SET_ID)
    assert (read["policy"]["weights"], read["policy"]["exploration_rate"]) == (WEIGHTS.id, 0.05)
    assert (read["degraded"], read["work_level"], read["seed"]) == (["panes"], 1, asked.seed.hex())
    assert read["tail"]["id"] == [one.event_id for one in TAIL]
    assert read["tail"]["item"] == [0, 0, "new", "stranger", None]
    # and the third ended more than a day ago
    assert read["panes"]["names"] == [["kitchen", "product"], ["sport", "unknown"]]
    assert read["slots"][0]["item"] == answer.items[0]
    assert read["parts"] == list(WEIGHTS.names)
    # candidates: mug 0, pan 1, pot 2 as gaps (odd has no price, net is deleted, bat excluded), and new by its id
    assert (read["pool"]["gaps"], read["pool"]["added"]) == ([0, 1, 1], ["new"])
    assert set(read["pool"]["scores"]) == {"session_neighbours", "category", "recent"}


def test_every_nth_persons_record_carries_the_feature_rows() -> None:
    asked = full()
    rows = text_floats(record(asked, with_features=True)["features"]).reshape(-1, len(FEATURES))
    answer = recommend(asked, SMALL, Policy())
    by_item = dict(zip((SMALL.catalogue.items[at] for at in answer.pool.items), answer.features, strict=True))
    assert rows.tolist() == [by_item[item].tolist() for item in ("mug", "pan", "pot", "new")]
    assert "features" not in record(asked)
    chosen = [person for person in range(5000) if logs_features(f"u:{person}", 50)]
    assert 60 < len(chosen) < 140  # 100 expected, deviation 9.9
    assert logs_features("u:1", 1)


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("model", "m0", "model m0; at hand is m1"),
        ("catalogue", "m1+0", r"catalogue m1\+0"),
        ("feature_set_id", "f0", "feature set f0"),
    ],
)
def test_other_snapshots_than_the_records_are_refused(field: str, value: str, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        answer_again({**record(full()), field: value}, SMALL)


def test_another_table_of_weights_is_refused() -> None:
    with pytest.raises(ValueError, match="table of weights"):
        answer_again(record(full()), SMALL, replace(WEIGHTS, parts=WEIGHTS.parts[:-1]))


def test_bytes_that_are_no_record_of_this_schema_are_refused() -> None:
    with pytest.raises(ValueError, match="not a decision record"):
        decode(b"nonsense")
    with pytest.raises(ValueError, match="schema 9"):
        decode(zlib.compress(b'{"schema":9}'))


def test_a_record_is_canonical_json() -> None:
    text = zlib.decompress(encode(record(full()))).decode()
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical(float("nan"))


def test_inputs_come_back_as_far_as_the_law_reads_them() -> None:
    asked = full()
    back = inputs_of(decode(encode(record(asked))), SMALL)
    assert back.tail == tuple(replace(one, user_id=None, query=None) for one in asked.tail)
    kept = [key for key in PANES if key[0] == pane_of(CLOCK)]
    assert {key: facts.tolist() for key, facts in back.panes.items()} == {key: PANES[key].tolist() for key in kept}
    assert back.batch is not None
    assert back.batch.scores.tobytes() == BATCH.scores.tobytes()
    assert back.batch.factors.tobytes() == BATCH.factors.tobytes()
    assert back.batch.items.dtype == np.uint32
    taste = back.batch.taste
    assert taste is not None
    assert (taste.categories, taste.as_of_ms, taste.last_ms) == (TASTE.categories, TASTE.as_of_ms, TASTE.last_ms)
    assert taste.category_strength.tobytes() == TASTE.category_strength.tobytes()
    assert taste.item_strength.tobytes() == TASTE.item_strength.tobytes()
    assert (taste.items.dtype, taste.items.tolist()) == (np.uint32, TASTE.items.tolist())


def test_a_row_of_before_there_was_a_taste_is_logged_without_one() -> None:
    read = decode(encode(record(full(batch=UNTASTED))))
    back = inputs_of(read, SMALL).batch
    assert read["batch"] is not None
    assert "taste" not in read["batch"]
    assert back is not None
    assert back.taste is None


def test_a_nobody_in_an_empty_system_is_a_decision_too() -> None:
    nothing = snapshots(dict.fromkeys(ITEMS))
    asked = inputs(person=None, seed=seed_of(b"k", "r"))
    read = decode(encode(record(asked, of=nothing)))
    assert read["slots"] == []
    assert answer_again(read, nothing).items == ()
