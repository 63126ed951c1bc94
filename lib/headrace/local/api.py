"""A world's HTTP API as the demo calls it: one connection, kept open. It measures nothing and prints nothing."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec

from headrace.errors import StoreUnavailable
from headrace.serve.events import Received
from headrace.serve.wire import RankedList
from headrace.settings import Serve

Json: TypeAlias = Mapping[str, object]

TIMEOUT_S = 10.0


class Api:
    """Every call raises StoreUnavailable when the API does not answer, or answers with an error."""

    def __init__(self, serve: Serve) -> None:
        self._where = f"http://{serve.host}:{serve.port}"
        self._connection = http.client.HTTPConnection(serve.host, serve.port, timeout=TIMEOUT_S)

    def recommend(self, user_id: str, limit: int, explain: bool, dry_run: bool) -> RankedList:
        """This person's list."""
        asked = {"user_id": user_id, "limit": limit, "explain": explain, "dry_run": dry_run}
        return msgspec.json.decode(self._post("/v1/recommendations", asked), type=RankedList)

    def post_events(self, events: Sequence[Json]) -> Received:
        """Say what happened; on return the broker has it."""
        return msgspec.json.decode(self._post("/v1/events", events), type=Received)

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _post(self, path: str, body: object) -> bytes:
        try:
            self._connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            answer = self._connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()  # the next call opens another
            raise StoreUnavailable(f"{self._where}{path}: {error}") from error
        if answer.status >= 300:
            raise StoreUnavailable(f"{self._where}{path}: {answer.status} {said[:500].decode(errors='replace')}")
        return said
