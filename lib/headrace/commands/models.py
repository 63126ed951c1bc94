"""`headrace models`: what is on the shelf, what is served, and one step back. It trains and deletes nothing."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from headrace.commands.options import Conf, Json, Profile, World, settings_of
from headrace.domain.features import FEATURE_SET_ID
from headrace.errors import BadInput
from headrace.settings import Settings
from headrace.stores.cassandra import open_stores
from headrace.stores.manifest import Json as Value
from headrace.stores.manifest import Manifest, read_manifest
from headrace.stores.ports import Pointer, Pointers
from headrace.stores.shelf import list_versions, load_model

Rollback = Annotated[bool, typer.Option("--rollback", help="Serve the previous version again: one step.")]


def command(
    world: World = None, profile: Profile = None, conf: Conf = None, as_json: Json = False, rollback: Rollback = False
) -> None:
    """Every model version, newest first: which is served, what it was made from, how it was judged."""
    settings = settings_of(world, profile, conf)
    pointer = asyncio.run(_pointer(settings, rollback))
    shelf = settings.shelf_dir
    manifests = [read_manifest(shelf, version) for version in list_versions(shelf)]
    if as_json:
        models = [described(manifest, pointer) for manifest in manifests]
        print(json.dumps({"world": settings.world.name, "models": models}, indent=2))
    else:
        _print_table(manifests, pointer, settings)


async def roll_back(pointers: Pointers, shelf: Path, feature_set_id: str, now_ms: int) -> Pointer:
    """Flip to the previous version, once it is seen to load.

    Raises BadInput where there is none, ModelCorrupt or FeatureSetMismatch where it cannot be served.
    """
    served = await pointers.get()
    if served is None or served.previous is None:
        raise BadInput("nothing to roll back to: no model was published before the served one")
    load_model(shelf, served.previous, feature_set_id)
    return await pointers.flip(served.previous, now_ms)


def described(manifest: Manifest, pointer: Pointer | None) -> dict[str, Value]:
    """One version as `--json` prints it."""
    return {
        "version": manifest.version,
        "state": state_of(manifest, pointer),
        "items": manifest.items,
        "people": manifest.origin.people,
        "events": manifest.origin.events,
        "clock_ms": manifest.origin.clock_ms,
        "delta_version": manifest.origin.delta_version,
        "interval_end_ms": manifest.origin.interval_end_ms,
        "feature_set_id": manifest.origin.feature_set_id,
        "parameters": manifest.origin.parameters,
        "gate": manifest.gate,
    }


def state_of(manifest: Manifest, pointer: Pointer | None) -> str:
    """served; previous, which a rollback would serve; refused by the gate; or shelved, which was served once."""
    if pointer is not None and manifest.version in (pointer.version, pointer.previous):
        return "served" if manifest.version == pointer.version else "previous"
    return "shelved" if manifest.gate["publish"] is True else "refused"


async def _pointer(settings: Settings, rollback: bool) -> Pointer | None:
    stores = await open_stores(settings.cassandra, settings.keyspace)
    try:
        if rollback:
            return await roll_back(stores.pointers, settings.shelf_dir, FEATURE_SET_ID, time.time_ns() // 1_000_000)
        return await stores.pointers.get()
    finally:
        await stores.close()


def _print_table(manifests: list[Manifest], pointer: Pointer | None, settings: Settings) -> None:
    table = Table(box=None, header_style="dim")
    for column in ("version", "state", "items", "people", "events", "ledger", "nDCG@10", "popularity", "gate"):
        table.add_column(column, justify="left" if column in ("version", "state", "gate") else "right")
    for manifest in manifests:
        origin, measured = manifest.origin, manifest.gate["evaluation"]
        counts = (manifest.items, origin.people, origin.events, origin.delta_version)
        table.add_row(
            manifest.version,
            state_of(manifest, pointer),
            *(f"{count:,}" for count in counts),
            _ndcg(measured, "model"),
            _ndcg(measured, "popularity"),
            str(manifest.gate["reason"]),
        )
    console = Console(highlight=False)
    console.print(f"world {settings.world.name}, shelf {settings.shelf_dir}")
    console.print(table if manifests else "no model yet: headrace train makes one")


def _ndcg(evaluation: Value, of: str) -> str:
    quality = evaluation.get(of) if isinstance(evaluation, Mapping) else None
    ndcg = quality.get("ndcg") if isinstance(quality, Mapping) else None
    return f"{ndcg:.4f}" if isinstance(ndcg, float) else ""
