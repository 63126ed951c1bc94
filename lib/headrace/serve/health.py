"""Whether this process lives, whether it is ready, and what it counted. A dead store shows here and unloads nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from headrace.serve.bodies import as_json
from headrace.serve.events import UNKNOWN_ITEMS
from headrace.serve.operation import Operation
from headrace.serve.service import Service
from headrace.serve.snapshots import NO_MODEL
from headrace.serve.worker_words import WorkerState

States: TypeAlias = Callable[[], Sequence[WorkerState]]
"""What the workers that are ready last said of themselves."""


class Alive(msgspec.Struct, frozen=True):
    """The process answers. It asks nobody else."""

    alive: bool


class Ready(msgspec.Struct, frozen=True):
    """What is loaded. `ready` turns true once the first snapshots are, and stays.

    model       version of the model that lists are made by, in every process; null before the first publication
    refused     why a newer model is not served, or null
    catalogue   version of the catalogue in memory
    trends, trends_age_ms  the snapshot of trends in memory, and how old it is; null before the first
    trouble     why the catalogue topic cannot be read, or null
    unknown_items  accepted events about an item that this catalogue does not know, since the start
    stores      "answering", or why they were not reached yet or are taken for dead
    workers     how many processes rank for this one now; 0: it does so itself
    """

    ready: bool
    world: str
    clock_ms: int
    model: str | None
    refused: str | None
    catalogue: str
    trouble: str | None
    items: int
    unknown_items: int
    trends: str | None
    trends_age_ms: int | None
    stores: str
    workers: int
    decisions_waiting: int
    decisions_dropped: int


def operations(service: Service, workers: States) -> tuple[Operation, ...]:
    """GET /livez, /readyz and /metrics."""

    async def livez(_: Request) -> Response:
        return as_json(Alive(alive=True))

    async def readyz(_: Request) -> Response:
        ready = ready_now(service, workers())
        return as_json(ready, 200 if ready.ready else 503)

    async def metrics(_: Request) -> Response:
        return Response(
            service.metrics.text(_gauges(service, workers())), media_type="text/plain; version=0.0.4; charset=utf-8"
        )

    return (
        Operation("GET", "/livez", "livez", "Whether the process lives.", livez, {200: ("It does", Alive)}),
        Operation(
            "GET",
            "/readyz",
            "readyz",
            "What is loaded; 503 only until the first snapshots are.",
            readyz,
            {200: ("Ready", Ready), 503: ("Still loading", Ready)},
        ),
        Operation(
            "GET",
            "/metrics",
            "metrics",
            "What this process counted, as Prometheus text.",
            metrics,
            {200: ("Prometheus text exposition 0.0.4", None)},
        ),
    )


def ready_now(service: Service, workers: Sequence[WorkerState]) -> Ready:
    """The state of the process and its workers as /readyz tells it."""
    snapshots, published, clock_ms = service.served.current, service.served.trends.published, service.clock.now_ms()
    return Ready(
        ready=service.served.loaded,
        world=service.world.name,
        clock_ms=clock_ms,
        model=served_model(snapshots.model.version, workers),
        refused=service.served.refused,
        catalogue=snapshots.catalogue.id,
        trouble=service.feed.trouble,
        items=int(snapshots.catalogue.alive.sum()),
        unknown_items=service.metrics.total(UNKNOWN_ITEMS),
        trends=None if published is None else published.id,
        trends_age_ms=service.served.trends.age_ms(clock_ms),
        stores=_any_trouble(service, workers) or "answering",
        workers=len(workers),
        decisions_waiting=_waiting(service, workers),
        decisions_dropped=service.metrics.total("decisions_dropped_total"),
    )


def served_model(here: str, workers: Sequence[WorkerState]) -> str | None:
    """The version that lists are made by; while some process still has another one, that. None: there is no model."""
    version = next((worker.model for worker in workers if worker.model != here), here)
    return None if version == NO_MODEL else version


def stores_trouble(service: Service) -> str | None:
    """Why the stores were not reached yet or are taken for dead, as this process sees them."""
    return service.stores.trouble or (service.circuit.why if service.circuit.is_open else None)


def _any_trouble(service: Service, workers: Sequence[WorkerState]) -> str | None:
    """Whoever reads notices: with workers that is seldom this process."""
    seen = (stores_trouble(service), *(worker.stores for worker in workers))
    return next((trouble for trouble in seen if trouble is not None), None)


def _waiting(service: Service, workers: Sequence[WorkerState]) -> int:
    return service.decisions.waiting + sum(worker.decisions_waiting for worker in workers)


def _gauges(service: Service, workers: Sequence[WorkerState]) -> dict[str, tuple[str, float]]:
    age_ms = service.served.trends.age_ms(service.clock.now_ms())
    return {
        "trends_age_ms": (
            "Age of the trends in memory; -1 before the first.",
            -1.0 if age_ms is None else float(age_ms),
        ),
        "ready": ("1 once the first snapshots are loaded.", float(service.served.loaded)),
        "stores_answering": ("0 while the stores are taken for dead.", float(_any_trouble(service, workers) is None)),
        "decisions_waiting": ("Decision records not yet acknowledged.", float(_waiting(service, workers))),
        "workers": ("Workers that are ready.", float(len(workers))),
        "clock_ms": ("The world's clock.", float(service.clock.now_ms())),
    }
