"""The fields of a decision record, as plain JSON. Not here: how one is made and answered again (decision.py)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NotRequired, TypedDict

from headrace.domain.answer import Slot, Step
from headrace.domain.here import Here
from headrace.domain.inputs import Wanted
from headrace.domain.packing import BatchPlain, EventColumns, PoolPlain
from headrace.domain.pane_columns import PaneColumns
from headrace.domain.policy import Policy
from headrace.domain.scoring import Weights
from headrace.domain.trend_record import TrendsPlain

StepPlain = TypedDict(
    "StepPlain", {"step": int, "rule": str, "item": str, "from": int, "to": int, "because_item": str | None}
)
"""An answer.Step, numbered from 0."""


class SlotPlain(TypedDict):
    """An answer.Slot without its index, which only its snapshot understands."""

    item: str
    score: int
    parts: list[int]
    sources: list[str]
    propensity: float
    score_place: int
    rule_place: int


class WantedPlain(TypedDict):
    """inputs.Wanted."""

    categories: list[str]
    content_types: list[str]
    price_from: int | None
    price_to: int | None


class HerePlain(TypedDict, total=False):
    """here.Here, its cells as H3 writes them: JSON's numbers are too short for them elsewhere. Absent: not known."""

    cell: str
    parent: str
    hour: int
    weekday: int


class PolicyPlain(TypedDict):
    """policy.Policy, its table of weights by id."""

    candidates: int
    category_cap: int
    capped_places: int
    exploration_rate: float
    temperature: float
    floor: float
    currency: str
    weights: str


class Record(TypedDict):
    """One decision, with the ids of everything it used.

    given          the page of a rerank; None for recommendations
    parts          what the parts of a slot's score are, in their order
    context_kept   False where events came inline without consent: they were used and are not here, so the answer
                   cannot be made again; nor is what would tell of them: the pool, scores, parts and sources of slots
    trends         what was read of them; absent where there were none
    eligible       SHA-256 of the candidates' ids; response_hash: of slots and steps, no timings
    here           where and when the person is; absent in records from before it was used: not known
    features       base64 of float32 [candidates, features] in the order of `pool`; for every nth person
    """

    schema: int
    request_id: str
    parent_id: str | None
    build: str
    placement: str
    request: str
    clock: int
    limit: int
    person: str | None
    session_id: str | None
    wanted: WantedPlain
    exclude: list[str]
    given: list[str] | None
    policy: PolicyPlain
    seed: str
    model: str
    catalogue: str
    feature_set_id: str
    tail: EventColumns
    context: EventColumns
    context_kept: bool
    panes: PaneColumns
    batch: BatchPlain | None
    degraded: list[str]
    work_level: int
    eligible: str
    pool: PoolPlain
    explored: int | None
    parts: list[str]
    slots: list[SlotPlain]
    steps: list[StepPlain]
    response_hash: str
    trends: NotRequired[TrendsPlain]
    here: NotRequired[HerePlain]
    features: NotRequired[str]


def slot_plain(slot: Slot) -> SlotPlain:
    """A slot as JSON."""
    return {
        "item": slot.item,
        "score": slot.score,
        "parts": list(slot.parts),
        "sources": list(slot.sources),
        "propensity": slot.propensity,
        "score_place": slot.score_place,
        "rule_place": slot.rule_place,
    }


def steps_plain(steps: Sequence[Step]) -> list[StepPlain]:
    """The steps as JSON, numbered."""
    return [
        {
            "step": number,
            "rule": step.rule,
            "item": step.item,
            "from": step.from_place,
            "to": step.to_place,
            "because_item": step.because_item,
        }
        for number, step in enumerate(steps)
    ]


def wanted_plain(wanted: Wanted) -> WantedPlain:
    """A filter as JSON."""
    return WantedPlain(
        categories=list(wanted.categories),
        content_types=list(wanted.content_types),
        price_from=wanted.price_from,
        price_to=wanted.price_to,
    )


def wanted_of(plain: WantedPlain) -> Wanted:
    """The inverse of `wanted_plain`."""
    return Wanted(
        categories=tuple(plain["categories"]),
        content_types=tuple(plain["content_types"]),
        price_from=plain["price_from"],
        price_to=plain["price_to"],
    )


def here_plain(here: Here) -> HerePlain:
    """A place and time as JSON."""
    plain = HerePlain()
    if here.cell is not None and here.parent is not None:
        plain["cell"], plain["parent"] = f"{here.cell:x}", f"{here.parent:x}"
    if here.hour is not None and here.weekday is not None:
        plain["hour"], plain["weekday"] = here.hour, here.weekday
    return plain


def here_of(plain: HerePlain) -> Here:
    """The inverse of `here_plain`."""
    cell, parent = plain.get("cell"), plain.get("parent")
    return Here(
        None if cell is None else int(cell, 16),
        None if parent is None else int(parent, 16),
        plain.get("hour"),
        plain.get("weekday"),
    )


def policy_plain(policy: Policy) -> PolicyPlain:
    """A policy as JSON."""
    return PolicyPlain(
        candidates=policy.candidates,
        category_cap=policy.category_cap,
        capped_places=policy.capped_places,
        exploration_rate=policy.exploration_rate,
        temperature=policy.temperature,
        floor=policy.floor,
        currency=policy.currency,
        weights=policy.weights.id,
    )


def policy_of(plain: PolicyPlain, weights: Weights) -> Policy:
    """The policy again; its table of weights is looked up by the caller."""
    return Policy(
        candidates=plain["candidates"],
        category_cap=plain["category_cap"],
        capped_places=plain["capped_places"],
        exploration_rate=plain["exploration_rate"],
        temperature=plain["temperature"],
        floor=plain["floor"],
        currency=plain["currency"],
        weights=weights,
    )
