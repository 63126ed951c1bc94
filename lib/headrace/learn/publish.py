"""A trained model made the served one: everything is written and verified, then one pointer flips. No training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import DataFrame

from headrace.domain.catalogue import ItemMeta
from headrace.domain.model import ModelArrays
from headrace.failpoints import reach
from headrace.learn.gate import Verdict
from headrace.learn.retrieval import Catalogue
from headrace.learn.stored import WithStores, verify_candidates, write_candidates
from headrace.stores.manifest import Manifest, Origin, read_manifest
from headrace.stores.ports import Pointer
from headrace.stores.shelf import list_versions, load_model, remove_versions, write_model


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A model before anything of it is written.

    model: the same arrays as retrieval reads them. profiles: people.PROFILES of all `origin.people`.
    """

    arrays: ModelArrays
    model: Catalogue
    meta: Sequence[ItemMeta | None]
    origin: Origin
    profiles: DataFrame


def publish(
    trained: Trained,
    verdict: Verdict,
    shelf: Path,
    limit: int,
    with_stores: WithStores,
) -> Manifest:
    """Candidates, then the shelf, each read back, then the pointer. An error on the way leaves the served model served.

    Raises ModelCorrupt where something reads back otherwise than it was written, StoreUnavailable where it was lost.
    """
    version, as_of_ms = trained.arrays.version, trained.origin.clock_ms
    written = write_candidates(trained.profiles, trained.model, version, limit, as_of_ms, with_stores).persist()
    try:
        verify_candidates(written, trained.origin.people, version, with_stores)
    finally:
        written.unpersist()
    reach("publish.candidates")
    manifest = shelve(trained, verdict, shelf)
    reach("publish.shelved")
    with_stores(lambda stores: stores.pointers.flip(version, trained.origin.clock_ms))
    reach("publish.flipped")
    return manifest


def shelve(trained: Trained, verdict: Verdict, shelf: Path) -> Manifest:
    """On the shelf with its verdict, and loadable; that alone serves nobody. A refused model ends here."""
    write_model(shelf, trained.arrays, trained.meta, trained.origin, verdict.as_json())
    return load_model(shelf, trained.arrays.version, trained.origin.feature_set_id).manifest


def superseded(shelf: Path, newest: Manifest, pointer: Pointer | None, keep: int) -> list[str]:
    """Versions to take off the shelf: all but the `keep` newest, and other models of the same interval as `newest`.

    What is served and what a rollback would serve always stay.
    """
    staying = {newest.version} | ({pointer.version, pointer.previous} if pointer else set())
    versions = list_versions(shelf)
    same_interval = {
        version
        for version in versions
        if newest.origin.interval_end_ms is not None
        and version not in staying
        and read_manifest(shelf, version).origin.interval_end_ms == newest.origin.interval_end_ms
    }
    room = keep - len(staying.intersection(versions))
    others = [version for version in versions if version not in staying | same_interval]
    return [*others[max(0, room) :], *sorted(same_interval)]


def tidy(shelf: Path, newest: Manifest, keep: int, with_stores: WithStores) -> list[str]:
    """Remove what is superseded; returns the versions. Their candidates leave Cassandra by their TTL."""
    pointer = with_stores(lambda stores: stores.pointers.get())
    leaving = superseded(shelf, newest, pointer, keep)
    remove_versions(shelf, leaving)
    return leaving
