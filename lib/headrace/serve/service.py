"""Everything that the routes use, opened once by the composition root. No behaviour of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from headrace.domain.policy import Policy
from headrace.serve.candidate_cache import CandidateCache
from headrace.serve.catalogue_feed import Feed
from headrace.serve.clock import Clock
from headrace.serve.connection import Connecting
from headrace.serve.decision_log import DecisionLog
from headrace.serve.degrade import Circuit
from headrace.serve.metrics import Metrics
from headrace.serve.snapshots import Served
from headrace.settings import Serve, World
from headrace.stores.ports import EventLog

NewId: TypeAlias = Callable[[], str]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Service:
    """stores  the stores; raises StoreUnavailable until they were reached for the first time
    topic   "events.raw" → that topic of this world
    new_id  makes request ids
    build   the code that computes, as text
    """

    world: World
    settings: Serve
    tail_limit: int
    topic: Callable[[str], str]
    new_id: NewId
    stores: Connecting
    log: EventLog
    clock: Clock
    circuit: Circuit
    served: Served
    candidates: CandidateCache
    feed: Feed
    decisions: DecisionLog
    metrics: Metrics
    policy: Policy
    build: str
