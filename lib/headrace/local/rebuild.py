"""Forgetting a query's checkpoint, the operator's word to start it from nothing, and what that does. It starts none."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from headrace.errors import BadInput
from headrace.settings import Settings
from headrace.stores.cassandra import open_stores

_AGAIN: Final = "appends all that {source} still holds to table {table} again: move that table's folder away first"

REBUILDS: Final[Mapping[str, str]] = {
    "ingest": "sends all that events.raw still holds through again: redeliveries, which count once, in new ledger rows",
    "hot-v3": "counts panes anew from what events.clean still holds; older panes stay as they are until their TTL",
    "ledger-v1": _AGAIN.format(source="events.clean", table="events"),
    "windows-v3": _AGAIN.format(source="table events", table="user_windows"),
    "sessions-v2": _AGAIN.format(source="table events", table="sessions"),
    "session-rows-v2": "writes the rows of table sessions to Cassandra again, over the same rows",
    "rejected-v1": _AGAIN.format(source="events.rejected", table="rejected"),
    "decisions-v1": _AGAIN.format(source="decisions", table="decisions"),
    "catalogue-v1": "appends the catalogue to table catalogue again; the latest of each item still wins",
    "users-v1": "appends the profiles to table users again; the latest of each user still wins",
}
"""Writer → what its query does without a checkpoint."""


def job_of(writer: str) -> str:
    """The job that runs this writer's query. Raises BadInput where there is no such writer."""
    if writer not in REBUILDS:
        raise BadInput(f"--forget {writer}: no such writer; there are {', '.join(REBUILDS)}")
    return {"ingest": "ingest", "hot-v3": "hot", "ledger-v1": "ledger"}.get(writer, "features")


def forget(settings: Settings, writers: Sequence[str]) -> None:
    """Make room for a new checkpoint of each writer of this world. Raises StoreUnavailable."""

    async def forget_each() -> None:
        stores = await open_stores(settings.cassandra, settings.keyspace)
        try:
            for writer in writers:
                await stores.leases.forget(writer)
        finally:
            await stores.close()

    asyncio.run(forget_each())
