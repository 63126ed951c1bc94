"""The operations that rank, by name: a request's body in, its answer's JSON out, whichever process does it. No HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from headrace.serve.operation import Ranked
from headrace.serve.recommendations import recommended
from headrace.serve.rerank import reranked
from headrace.serve.service import Service

RANKED: Final[Mapping[str, Callable[[Service, bytes], Awaitable[bytes]]]] = {
    "recommend": recommended,
    "rerank": reranked,
}


def here(service: Service) -> Ranked:
    """In this process."""

    async def ranked(operation: str, body: bytes) -> bytes:
        return await RANKED[operation](service, body)

    return ranked
