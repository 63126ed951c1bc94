"""The ASGI application: every route of this process, its documentation, and one way to answer for what goes wrong."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from headrace.errors import HeadraceError
from headrace.serve import decisions, events, health, items, people, recommendations, rerank, similar, trending, users
from headrace.serve.bodies import JSON
from headrace.serve.docs_page import page
from headrace.serve.event_schema import event_schema
from headrace.serve.metrics import Metrics
from headrace.serve.openapi import document
from headrace.serve.operation import Handler, Operation, Ranked
from headrace.serve.problems import HANDLERS, status_of
from headrace.serve.service import Service

DOCS: Final = "text/html; charset=utf-8"


def operations(service: Service, ranked: Ranked, workers: health.States) -> tuple[Operation, ...]:
    """Everything that works; the router and the documentation are made from this and nothing else."""
    return (
        *events.operations(service),
        *recommendations.operations(service, ranked),
        *rerank.operations(service, ranked),
        *similar.operations(service),
        *trending.operations(service),
        *people.operations(service),
        *decisions.operations(service),
        *items.operations(service),
        *users.operations(service),
        *health.operations(service, workers),
    )


def app_of(service: Service, ranked: Ranked, workers: health.States = tuple) -> Starlette:
    """The application, whose lists `ranked` makes. It opens nothing and closes nothing: the composition root does."""
    served = operations(service, ranked, workers)
    described = document(served, {"Event": event_schema()})
    return Starlette(
        routes=[
            *_routes(served, service.metrics),
            _fixed("/openapi.json", msgspec.json.encode(described), JSON),
            _fixed("/docs", page(described).encode(), DOCS),
        ],
        exception_handlers=HANDLERS,
    )


def _routes(served: Sequence[Operation], metrics: Metrics) -> list[Route]:
    """One route per path: two routes of one path would each name only their own methods in Allow."""
    by_path: dict[str, dict[str, Handler]] = {}
    for operation in served:
        handlers = by_path.setdefault(operation.route, {})
        handlers[operation.method] = _timed(operation, metrics)
        if operation.method == "GET":
            handlers["HEAD"] = handlers["GET"]
    return [Route(path, _by_method(handlers), methods=list(handlers)) for path, handlers in by_path.items()]


def _by_method(handlers: Mapping[str, Handler]) -> Handler:
    async def handle(request: Request) -> Response:
        return await handlers[request.method](request)

    return handle


def _timed(operation: Operation, metrics: Metrics) -> Handler:
    async def handle(request: Request) -> Response:
        started, status = time.perf_counter(), 500
        try:
            response = await operation.handler(request)
            status = response.status_code
            return response
        except HeadraceError as error:
            status = status_of(error)
            raise
        finally:
            metrics.took(operation.name, (time.perf_counter() - started) * 1000)
            metrics.count("requests_total", f'operation="{operation.name}",status="{status}"')

    return handle


def _fixed(path: str, body: bytes, media_type: str) -> Route:
    async def handle(_: Request) -> Response:
        return Response(body, media_type=media_type)

    return Route(path, handle)
