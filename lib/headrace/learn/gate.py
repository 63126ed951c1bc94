"""Whether a model may be served: a decision over numbers, with its reason in words. Nothing is trained or written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from headrace.learn.evaluation import Evaluation
from headrace.stores.manifest import Json

FEWEST_PEOPLE = 50
"""With fewer judged, the standard error of nDCG is about as large as a good model's nDCG."""


CHANCE = 2.0
"""Standard errors that are put down to chance: with 140 people nDCG 0.115 has an error of 0.015."""


@dataclass(frozen=True, slots=True)
class Served:
    """What the served model's own gate measured: nDCG@10 with its error, popularity's on the same people, the cut."""

    version: str
    cut_ms: int
    ndcg: float
    ndcg_error: float
    popularity_ndcg: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """publish: what to do. passed: what the numbers say; they differ only where a person forced it."""

    publish: bool
    passed: bool
    reason: str
    evaluation: Evaluation | None
    served: Served | None

    def as_json(self) -> dict[str, Json]:
        return asdict(self)


def decide(evaluation: Evaluation | None, people: int, served: Served | None, tolerance: float, force: bool) -> Verdict:
    """Refuse what is below popularity, or more than `tolerance` (a share) below the served model's recorded nDCG@10.

    Both beyond chance; two models measured at one cut saw the same people, so no chance is granted there. And where
    newer days are simply harder, popularity falls too: a drop counts only if the model's lead over popularity shrank
    by more than `tolerance` as well. `people` could be judged; with fewer than FEWEST_PEOPLE there is nothing to
    refuse by, and the reason says so.
    """
    passed, reason = _judge(evaluation, people, served, tolerance)
    if force and not passed:
        reason = f"forced: {reason}"
    return Verdict(passed or force, passed, reason, evaluation, served)


def served_from(version: str, gate: Mapping[str, Json]) -> Served | None:
    """What a published manifest's verdict says about its model; None where it had too few people to be measured."""
    evaluation = gate.get("evaluation")
    if not isinstance(evaluation, Mapping) or not _number(evaluation, "judged") >= FEWEST_PEOPLE:
        return None
    return Served(
        version,
        cut_ms=int(_number(evaluation, "cut_ms")),
        ndcg=_number(evaluation, "model", "ndcg"),
        ndcg_error=_number(evaluation, "model", "ndcg_error"),
        popularity_ndcg=_number(evaluation, "popularity", "ndcg"),
    )


def _judge(evaluation: Evaluation | None, people: int, served: Served | None, tolerance: float) -> tuple[bool, str]:
    if evaluation is None or evaluation.judged < FEWEST_PEOPLE:
        return True, f"insufficient, published: {people} people to judge by, {FEWEST_PEOPLE} are needed"
    ndcg, plain = evaluation.model.ndcg, evaluation.popularity.ndcg
    if evaluation.lead + CHANCE * evaluation.lead_error < 0:
        return False, f"below popularity: nDCG@10 {ndcg:.4f} against {plain:.4f} over {evaluation.judged} people"
    if served is None:
        return True, f"first measured model: nDCG@10 {ndcg:.4f}, popularity {plain:.4f}"
    kept = 1 - tolerance
    same_people = evaluation.cut_ms == served.cut_ms
    chance = 0.0 if same_people else CHANCE * math.hypot(evaluation.model.ndcg_error, served.ndcg_error)
    fell = ndcg + chance < kept * served.ndcg
    lead_shrank = ndcg * served.popularity_ndcg < kept * served.ndcg * plain
    against = f"nDCG@10 {ndcg:.4f} (popularity {plain:.4f}) against {served.version}: {served.ndcg:.4f}"
    against = f"{against} (popularity {served.popularity_ndcg:.4f}), tolerance {tolerance:.0%}"
    if fell and lead_shrank:
        return False, f"worse than what is served: {against}"
    return True, f"as good as what is served: {against}"


def _number(tree: Mapping[str, Json], *keys: str) -> float:
    value: Json = tree
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return float(value) if isinstance(value, int | float) else 0.0
