"""Candidates of everyone, computed and written on executors, then counted and read back. No pointer, no shelf."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Coroutine, Iterable, Iterator
from typing import Any, Protocol, TypeVar

import pyarrow as pa
from pyspark.errors import PythonException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from headrace.domain.candidates import pack
from headrace.domain.events import Person
from headrace.errors import ModelCorrupt, StoreUnavailable
from headrace.learn.people import map_people
from headrace.learn.ranking import row_of
from headrace.learn.retrieval import Catalogue, Profile, find_all
from headrace.stores.ports import Stores

WRITTEN = "person string, checksum long"
SAMPLE = 1_000
"""Rows read back: a writer that loses one row in a hundred is missed once in 20,000 trainings."""

T = TypeVar("T")


class WithStores(Protocol):
    """Runs an async use of this process's stores to its end. Pickles, so that an executor can be given it."""

    def __call__(self, use: Callable[[Stores], Coroutine[Any, Any, T]]) -> T: ...


def write_candidates(
    profiles: DataFrame, model: Catalogue, version: str, limit: int, as_of_ms: int, with_stores: WithStores
) -> DataFrame:
    """WRITTEN, one row per person of `profiles` whose candidates and taste, as of `as_of_ms`, are durable.

    Lazy: the caller counts it, once.
    """
    shared = profiles.sparkSession.sparkContext.broadcast(model)

    def write(persons: list[str], of: list[Profile]) -> pa.RecordBatch:
        known = shared.value
        packed = [
            pack(row_of(found, profile, known.popularity, limit, as_of_ms))
            for profile, found in zip(of, find_all(known, of, limit), strict=True)
        ]
        rows = [(Person(person), row) for person, row in zip(persons, packed, strict=True)]
        with_stores(lambda stores: stores.candidates.put(version, rows))
        checksums = pa.array([zlib.crc32(row) for row in packed], pa.int64())
        return pa.RecordBatch.from_arrays([pa.array(persons, pa.string()), checksums], ["person", "checksum"])

    return map_people(profiles, model.item_factors.shape[1], write, WRITTEN)


def verify_candidates(written: DataFrame, people: int, version: str, with_stores: WithStores) -> None:
    """Every person has a row, and a sample reads back as it was written. `written` is persisted.

    Raises ModelCorrupt where that is not so, StoreUnavailable where the store did not answer an executor.
    """
    try:
        _verify(written, people, version, with_stores)
    except PythonException as error:  # what an executor raises arrives as text
        if StoreUnavailable.__name__ not in str(error):
            raise
        raise StoreUnavailable(f"model {version}: its candidates could not be written; not served") from error


def _verify(written: DataFrame, people: int, version: str, with_stores: WithStores) -> None:
    rows = written.count()
    if rows != people:
        raise ModelCorrupt(f"model {version}: candidates of {rows} people were written, {people} are known; not served")

    def differing(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            bad = [
                person
                for person, checksum in zip(*batch.to_pydict().values(), strict=True)
                if _checksum(with_stores, person, version) != checksum
            ]
            yield pa.RecordBatch.from_arrays([pa.array(bad, pa.string())], ["person"])

    sample = written.sort(F.xxhash64("person", F.lit(version)), "person").limit(SAMPLE)
    bad = sample.mapInArrow(differing, "person string").toArrow().column("person").to_pylist()
    if bad:
        raise ModelCorrupt(
            f"model {version}: candidates of {len(bad)} of {min(rows, SAMPLE)} people read back otherwise than they "
            f"were written, {bad[0]!r} for one; not served"
        )


def _checksum(with_stores: WithStores, person: str, version: str) -> int | None:
    packed = with_stores(lambda stores: stores.candidates.get(Person(person), version))
    return None if packed is None else zlib.crc32(packed)
