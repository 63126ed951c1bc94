"""One operation of the API: what the router and the OpenAPI document both need to know of it. No handling."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]
Schema: TypeAlias = Mapping[str, object]
Ranked: TypeAlias = Callable[[str, bytes], Awaitable[bytes]]
"""(name of an operation that ranks, the request's body) → the answer's JSON. Raises Problem as the operation does."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value in the path or in the query string."""

    name: str
    about: str
    schema: Schema
    where: str = "path"


@dataclass(frozen=True, slots=True)
class Operation:
    """`method` and `path` (OpenAPI notation), handled by `handler`.

    request   media type → the type of its body, or its schema where no type says it; empty for none
    answers   status → (what it means, type of its JSON body or None)
    problems  kinds of problem (problems.TITLES) that it can answer with, beside internal
    slashes_in  the path parameter that may hold slashes (item ids may)
    """

    method: str
    path: str
    name: str
    summary: str
    handler: Handler
    answers: Mapping[int, tuple[str, type | None]]
    about: str = ""
    parameters: tuple[Parameter, ...] = ()
    request: Mapping[str, type | Schema] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    slashes_in: str | None = None

    @property
    def route(self) -> str:
        """The path in the router's notation."""
        return self.path.replace(f"{{{self.slashes_in}}}", f"{{{self.slashes_in}:path}}")
