"""The decision record: what an answer was made from, so that it can be explained, judged and made again. No stores.

One JSON object, canonical (sorted keys, no spaces), compressed with zlib; record.py has its fields,
packing.py the compact forms within.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from headrace.domain.answer import Answer
from headrace.domain.events import Person
from headrace.domain.features import FEATURE_SET_ID
from headrace.domain.here import NOWHERE
from headrace.domain.inputs import Inputs
from headrace.domain.model import SOURCES
from headrace.domain.packing import (
    floats_text,
    pack_batch,
    pack_events,
    pack_pool,
    pool_rows,
    unpack_batch,
    unpack_events,
)
from headrace.domain.pane_columns import pack_panes, unpack_panes
from headrace.domain.policy import Policy
from headrace.domain.pool import Pool
from headrace.domain.recommend import recommend, rerank
from headrace.domain.record import (
    HerePlain,
    Record,
    SlotPlain,
    StepPlain,
    here_of,
    here_plain,
    policy_of,
    policy_plain,
    slot_plain,
    steps_plain,
    wanted_of,
    wanted_plain,
)
from headrace.domain.scoring import WEIGHTS, Weights
from headrace.domain.snapshots import Snapshots
from headrace.domain.trend_lists import no_trends
from headrace.domain.trend_record import pack_trends, unpack_trends

SCHEMA: Final = 2
COMPRESSION: Final = 1
"""Level 6 saves a tenth of the bytes and takes 0.5 ms of each request's processor time more."""


def record_of(
    *,
    request_id: str,
    parent_id: str | None,
    build: str,
    placement: str,
    request: str,
    inputs: Inputs,
    snapshots: Snapshots,
    policy: Policy,
    answer: Answer,
    given: Sequence[str] | None = None,
    degraded: Sequence[str] = (),
    work_level: int = 0,
    context_kept: bool = True,
    with_features: bool = False,
) -> Record:
    """The record of one answer.

    build: code, lock and CPU class as text; request: the raw request, out of which the edge has already taken inline
    events that came without consent (then the record holds what was served and not why: candidates, sources, parts and
    features would tell what was viewed); degraded: stages that fell back, in a fixed order; work_level: 0 is full work.
    """
    model, catalogue = snapshots.model, snapshots.catalogue
    context_kept = context_kept or not inputs.context
    answer = answer if context_kept else _without_reasons(answer)
    slots, steps = [slot_plain(slot) for slot in answer.slots], steps_plain(answer.steps)
    record = Record(
        schema=SCHEMA,
        request_id=request_id,
        parent_id=parent_id,
        build=build,
        placement=placement,
        request=request,
        clock=inputs.clock,
        limit=inputs.limit,
        person=inputs.person,
        session_id=inputs.session_id,
        wanted=wanted_plain(inputs.wanted),
        exclude=list(inputs.exclude),
        given=None if given is None else list(given),
        policy=policy_plain(policy),
        seed=inputs.seed.hex(),
        model=model.version,
        catalogue=catalogue.id,
        feature_set_id=FEATURE_SET_ID,
        tail=pack_events(inputs.tail, inputs.clock, model.index),
        context=pack_events(inputs.context if context_kept else (), inputs.clock, model.index),
        context_kept=context_kept,
        panes=pack_panes(inputs.panes, inputs.clock),
        batch=None if inputs.batch is None else pack_batch(inputs.batch),
        degraded=list(degraded),
        work_level=work_level,
        eligible=eligible_hash(answer.pool, snapshots),
        pool=pack_pool(answer.pool, len(model.items), catalogue),
        explored=answer.explored,
        parts=list(policy.weights.names),
        slots=slots,
        steps=steps,
        response_hash=_hash_of(slots, steps),
    )
    if len(snapshots.trends.items):
        record["trends"] = pack_trends(snapshots.trends, answer.pool, len(model.items), catalogue)
    if context_kept and inputs.here != NOWHERE:  # else it would tell where the events were that may not be kept
        record["here"] = here_plain(inputs.here)
    if with_features and context_kept:
        record["features"] = floats_text(answer.features[pool_rows(answer.pool, len(model.items))])
    return record


def answer_again(record: Record, snapshots: Snapshots, weights: Weights = WEIGHTS) -> Answer:
    """The answer once more, out of the record and the snapshots that it names; its trends are in the record itself.

    `response_hash` of it equals the record's on the same build and CPU class. Raises ValueError where something that
    the record names is not what is at hand, or where inline events were used but could not be kept.
    """
    at_hand = {
        "model": snapshots.model.version,
        "catalogue": snapshots.catalogue.id,
        "feature set": FEATURE_SET_ID,
        "table of weights": weights.id,
    }
    named = (record["model"], record["catalogue"], record["feature_set_id"], record["policy"]["weights"])
    for (what, here), there in zip(at_hand.items(), named, strict=True):
        if here != there:
            raise ValueError(f"decision {record['request_id']} was made with {what} {there}; at hand is {here}")
    if not record["context_kept"]:
        raise ValueError(f"decision {record['request_id']} used events that came without consent and were not kept")
    inputs, policy = inputs_of(record, snapshots), policy_of(record["policy"], weights)
    trends = unpack_trends(record["trends"], snapshots.catalogue) if "trends" in record else no_trends()
    snapshots = replace(snapshots, trends=trends)
    if record["given"] is not None:
        return rerank(inputs, snapshots, policy, record["given"])
    return recommend(inputs, snapshots, policy)


def inputs_of(record: Record, snapshots: Snapshots) -> Inputs:
    """What the law was given, as far as it reads it; `snapshots` are those that the record names."""
    items, clock = snapshots.model.items, record["clock"]
    return Inputs(
        person=None if record["person"] is None else Person(record["person"]),
        session_id=record["session_id"],
        clock=clock,
        limit=record["limit"],
        tail=unpack_events(record["tail"], clock, items),
        context=unpack_events(record["context"], clock, items),
        panes=unpack_panes(record["panes"]),
        batch=None if record["batch"] is None else unpack_batch(record["batch"]),
        wanted=wanted_of(record["wanted"]),
        exclude=tuple(record["exclude"]),
        here=here_of(record.get("here", HerePlain())),
        seed=bytes.fromhex(record["seed"]),
    )


def encode(
    record: Record,
    to_json: Callable[[object], bytes] = lambda plain: canonical(plain).encode(),
    compress: Callable[[bytes, int], bytes] = zlib.compress,
) -> bytes:
    """JSON, compressed: the same record is the same bytes within one build of the compressor.

    `to_json` writes sorted keys and no spaces, as `canonical` does; how it writes a float is its own affair. `compress`
    makes what zlib reads.
    """
    return compress(to_json(record), COMPRESSION)


def decode(packed: bytes) -> Record:
    """The inverse of `encode`. Raises ValueError for another schema or bytes that are no record."""
    try:
        record: Record = json.loads(zlib.decompress(packed))
    except zlib.error as error:
        raise ValueError(f"not a decision record: {error}") from error
    if record["schema"] != SCHEMA:
        raise ValueError(f"decision record of schema {record['schema']}; this code reads schema {SCHEMA}")
    return record


def canonical(plain: object) -> str:
    """JSON with sorted keys and no spaces; NaN and infinities are refused."""
    return _canonical(plain)


_canonical: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
).encode


def response_hash(answer: Answer) -> str:
    """SHA-256 of what was served and how it came about: slots and steps."""
    return _hash_of([slot_plain(slot) for slot in answer.slots], steps_plain(answer.steps))


def eligible_hash(pool: Pool, snapshots: Snapshots) -> str:
    """SHA-256 of the candidates' ids in order of id, each ended by a line feed."""
    ids = "".join([snapshots.catalogue.items[place] + "\n" for place in pool.items.tolist()])
    return hashlib.sha256(ids.encode()).hexdigest()


def _without_reasons(answer: Answer) -> Answer:
    """What was served, with the chance it had and where; nothing that only the person's events explain."""
    nothing = np.empty(0, dtype=np.int64)
    return replace(
        answer,
        slots=tuple(replace(slot, score=0, parts=(), sources=()) for slot in answer.slots),
        pool=Pool(nothing, nothing, np.zeros((0, len(SOURCES)))),
    )


def _hash_of(slots: list[SlotPlain], steps: list[StepPlain]) -> str:
    """Of Python's own writing of the values, in the order of their fields: a quarter of the time that JSON takes."""
    values = [tuple(slot.values()) for slot in slots], [tuple(step.values()) for step in steps]
    return hashlib.sha256(ascii(values).encode()).hexdigest()


def logs_features(person: str, every: int) -> bool:
    """Whether this person's records carry the full feature rows: one person in `every`, always the same ones."""
    return int.from_bytes(hashlib.sha256(person.encode()).digest()[:8], "big") % every == 0
