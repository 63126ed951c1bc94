"""Whom a benchmark asks for: people that the world's ledger knows."""

from __future__ import annotations

import pyarrow.compute as pc
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from headrace.errors import BadInput
from headrace.settings import Settings


def known_people(settings: Settings, limit: int) -> list[str]:
    """Up to `limit` people of the ledger in a fixed order. Raises BadInput where the world has none."""
    try:
        ledger = DeltaTable(settings.table("events"))
    except TableNotFoundError as error:
        raise BadInput(
            f"world {settings.world.name!r} has no ledger yet: run `make demo` first, or give --world"
        ) from error
    people: list[str] = sorted(pc.unique(ledger.to_pyarrow_table(columns=["person"])["person"]).to_pylist())
    if not people:
        raise BadInput(f"the ledger of world {settings.world.name!r} is empty: send events first, or give --world")
    return people[:: max(1, len(people) // limit)][:limit]
