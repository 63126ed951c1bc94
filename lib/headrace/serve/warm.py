"""A list for nobody before anybody asks: the law's loops are then compiled, or read from where they are kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headrace.domain.candidates import pack, unpack
from headrace.domain.catalogue import ItemMeta, catalogue_of, with_changes
from headrace.domain.decision import record_of
from headrace.domain.events import UNKNOWN, Event, ItemId, Person
from headrace.domain.facts import facts_of
from headrace.domain.features import FEATURE_SET_ID
from headrace.domain.inputs import Inputs
from headrace.domain.model import BatchCandidates, ModelArrays, read_only
from headrace.domain.mood import mood_of
from headrace.domain.policy import Policy
from headrace.domain.recommend import known_of, recommend, rerank
from headrace.domain.snapshots import Snapshots, snapshots_of
from headrace.domain.taste import Taste
from headrace.domain.trend_lists import trend_values

_CLOCK = 3_600_000
_ITEMS = ("a", "b")


def warm(policy: Policy) -> None:
    """Twenty seconds the first time on a machine, a third of one afterwards. It reads no store and logs nothing."""
    inputs, snapshots = _inputs(), _snapshots()
    exploring = replace(policy, exploration_rate=1.0, capped_places=1)
    answer = recommend(inputs, snapshots, exploring)
    record_of(
        request_id="warm",
        parent_id=None,
        build="",
        placement="",
        request="",
        inputs=inputs,
        snapshots=snapshots,
        policy=policy,
        answer=answer,
    )
    rerank(inputs, snapshots, exploring, _ITEMS)
    mood_of(known_of(inputs, snapshots, policy).signals, 2, snapshots.model.item_factors, snapshots.gram)


def _snapshots() -> Snapshots:
    """As they are made of a model from the shelf, whose arrays are read-only: to the compiler those are other types."""
    model = ModelArrays(
        version="warm",
        feature_set_id=FEATURE_SET_ID,
        items=_ITEMS,
        index={item: place for place, item in enumerate(_ITEMS)},
        item_factors=np.eye(2, dtype=np.float32),
        neighbours=np.array([[1], [0]], dtype=np.int32),
        neighbour_scores=np.ones((2, 1), dtype=np.float32),
        popularity=np.array([2, 1], dtype=np.int64),
    )
    catalogue = catalogue_of("warm", _ITEMS, model.popularity, [ItemMeta(category="c")] * 2)
    trends = trend_values("warm", (0,), (1,), (1,), 1, 1, (0,))
    return replace(snapshots_of(read_only(model), with_changes(catalogue, {}, "")), trends=trends)


def _inputs() -> Inputs:
    event = Event(
        event_id="e",
        kind="view",
        person=Person("u:nobody"),
        occurred_at=_CLOCK,
        received_at=_CLOCK,
        item_id=ItemId("a"),
        category="c",
    )
    numbers, strengths = np.array([0], dtype=np.uint32), np.array([1.0], dtype=np.float32)
    taste = Taste(("c",), strengths, numbers, strengths, _CLOCK, 0)
    return Inputs(
        clock=_CLOCK,
        limit=1,
        seed=bytes(32),
        person=event.person,
        tail=(event,),
        panes={(_CLOCK, "c", UNKNOWN): facts_of(event, "GBP")},
        batch=unpack(pack(BatchCandidates(numbers, strengths, np.zeros(1, np.uint8), np.ones(2, np.float32), taste))),
    )
