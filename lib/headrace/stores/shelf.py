"""The model shelf: one folder per model version, written whole or not at all. No training, no pointer, no Spark.

`<shelf>/<version>/` holds manifest.json, items.json, items_meta.json and .npy arrays (domain/model.py, orders.py). A
folder appears under its name by one rename after everything in it is on disk, so a crash leaves only a `.writing-…`
folder that nobody reads; the next write clears it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headrace.domain.catalogue import ItemMeta
from headrace.domain.model import ModelArrays, read_only
from headrace.domain.orders import orders_of
from headrace.errors import FeatureSetMismatch, ModelCorrupt
from headrace.stores.manifest import (
    MANIFEST,
    Json,
    Manifest,
    Origin,
    as_json,
    manifest_bytes,
    read_manifest,
)

ITEMS: Final = "items.json"
META: Final = "items_meta.json"
ARRAYS: Final = {
    "item_factors": ("<f4", 2),
    "neighbours": ("<i4", 2),
    "neighbour_scores": ("<f4", 2),
    "popularity": ("<i8", 1),
}
"""array of as many rows as items → (its dtype on disk, its dimensions); the file is `<array>.npy`."""

ORDERS: Final = {
    "order_contexts": ("<i8", 2),
    "order_starts": ("<i8", 1),
    "order_items": ("<i4", 1),
    "order_people": ("<i4", 1),
}
"""The arrays of domain/orders.py likewise, its field after `order_`."""

_WRITING: Final = ".writing-"


@dataclass(frozen=True, slots=True, eq=False)
class ShelvedModel:
    """A model as loaded: its manifest, its arrays, and meta[i] of items[i], None for an item outside the catalogue."""

    manifest: Manifest
    arrays: ModelArrays
    meta: tuple[ItemMeta | None, ...]


def version_of(arrays: ModelArrays, meta: Sequence[ItemMeta | None], origin: Origin) -> str:
    """`m<YYYYMMDDTHHMMSSZ>-<8 hex>`: world's clock and a hash of everything but the verdict: same in, same name."""
    digest = hashlib.sha256(as_json(asdict(origin)))
    for name, content in sorted(_files(arrays, meta).items()):
        digest.update(name.encode() + hashlib.sha256(content).digest())
    return f"m{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(origin.clock_ms // 1000))}-{digest.hexdigest()[:8]}"


def write_model(
    shelf: Path,
    arrays: ModelArrays,
    meta: Sequence[ItemMeta | None],
    origin: Origin,
    gate: Mapping[str, Json],
) -> Manifest:
    """Put one model on the shelf under `arrays.version`; one of that name is replaced. Durable on return.

    Raises ValueError where the arrays disagree with each other or with `meta`.
    """
    if problem := _shape_problem(arrays, meta):
        raise ValueError(f"model {arrays.version}: {problem}")
    contents = _files(arrays, meta)
    manifest = Manifest(
        version=arrays.version,
        origin=origin,
        items=len(arrays.items),
        rank=arrays.item_factors.shape[1],
        neighbours=arrays.neighbours.shape[1],
        gate=gate,
        files={name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
    )
    shelf.mkdir(parents=True, exist_ok=True)
    writing = shelf / f"{_WRITING}{arrays.version}"
    shutil.rmtree(writing, ignore_errors=True)
    writing.mkdir()
    for name, content in {**contents, MANIFEST: manifest_bytes(manifest)}.items():
        _write_durably(writing / name, content)
    _sync_folder(writing)
    final = shelf / arrays.version
    if final.is_dir():  # the name is a hash of the content: file for file it stays the same model while it is replaced
        for path in writing.iterdir():
            path.replace(final / path.name)
        _sync_folder(final)
        writing.rmdir()
    else:
        writing.rename(final)
    _sync_folder(shelf)
    return manifest


def load_model(shelf: Path, version: str, feature_set_id: str) -> ShelvedModel:
    """The model with every file checked against its manifest.

    Raises ModelCorrupt where a file is missing, altered or of the wrong shape; FeatureSetMismatch where the model was
    trained on other features than `feature_set_id`, the ones that the caller computes.
    """
    manifest = read_manifest(shelf, version)
    if manifest.origin.feature_set_id != feature_set_id:
        raise FeatureSetMismatch(
            f"model {version} was trained on feature set {manifest.origin.feature_set_id}, this code computes "
            f"{feature_set_id}: train again (headrace train), or run the code that the model was trained with"
        )
    expected = {ITEMS, META, *(f"{name}.npy" for name in (*ARRAYS, *ORDERS))}
    if set(manifest.files) != expected:
        raise ModelCorrupt(f"model {version}: its manifest names {sorted(manifest.files)}, not {sorted(expected)}")
    contents = {name: _checked(shelf / version / name, sha256) for name, sha256 in manifest.files.items()}
    try:
        items = tuple(json.loads(contents[ITEMS]))
        meta = tuple(None if row is None else ItemMeta(**row) for row in json.loads(contents[META]))
        arrays = ModelArrays(
            version=version,
            feature_set_id=feature_set_id,
            items=items,
            index={item: place for place, item in enumerate(items)},
            item_factors=_array(contents, "item_factors").astype(np.float32, copy=False),
            neighbours=_array(contents, "neighbours").astype(np.int32, copy=False),
            neighbour_scores=_array(contents, "neighbour_scores").astype(np.float32, copy=False),
            popularity=_array(contents, "popularity").astype(np.int64, copy=False),
            orders=orders_of(
                _array(contents, "order_contexts").astype(np.int64, copy=False),
                _array(contents, "order_starts").astype(np.int64, copy=False),
                _array(contents, "order_items").astype(np.int32, copy=False),
                _array(contents, "order_people").astype(np.int32, copy=False),
            ),
        )
    except (ValueError, TypeError) as error:
        raise ModelCorrupt(f"model {version}: {error}") from error
    counted = (len(items), arrays.item_factors.shape[1], arrays.neighbours.shape[1])
    problem = _shape_problem(arrays, meta)
    if problem is None and counted != (manifest.items, manifest.rank, manifest.neighbours):
        problem = f"(items, rank, neighbours) are {counted}, its manifest says otherwise"
    if problem is not None:
        raise ModelCorrupt(f"model {version}: {problem}")
    return ShelvedModel(manifest, read_only(arrays), meta)


def list_versions(shelf: Path) -> tuple[str, ...]:
    """Every version on the shelf, newest clock first; () where there is no shelf yet."""
    if not shelf.is_dir():
        return ()
    found = (entry.name for entry in shelf.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    return tuple(sorted(found, reverse=True))


def remove_versions(shelf: Path, versions: Iterable[str]) -> None:
    """Take versions off the shelf; one that is not there is left at that. The caller knows which are served."""
    for version in versions:
        leaving = shelf / f"{_WRITING}{version}.removed"
        shutil.rmtree(leaving, ignore_errors=True)
        if (shelf / version).is_dir():
            (shelf / version).rename(leaving)  # first out of sight, then deleted: nobody loads half of it
            shutil.rmtree(leaving)


def _files(arrays: ModelArrays, meta: Sequence[ItemMeta | None]) -> dict[str, bytes]:
    contents = {
        ITEMS: as_json(list(arrays.items)),
        META: as_json([None if row is None else asdict(row) for row in meta]),
    }
    named = {name: getattr(arrays, name) for name in ARRAYS}
    named |= {name: getattr(arrays.orders, name.removeprefix("order_")) for name in ORDERS}
    for name, (dtype, _) in (ARRAYS | ORDERS).items():
        buffer = io.BytesIO()
        np.save(buffer, np.ascontiguousarray(named[name]).astype(dtype, copy=False), allow_pickle=False)
        contents[f"{name}.npy"] = buffer.getvalue()
    return contents


def _array(contents: Mapping[str, bytes], name: str) -> NDArray[np.generic]:
    array: NDArray[np.generic] = np.load(io.BytesIO(contents[f"{name}.npy"]), allow_pickle=False)
    dtype, dimensions = (ARRAYS | ORDERS)[name]
    if array.dtype != np.dtype(dtype) or array.ndim != dimensions:
        raise ValueError(f"{name} is {array.dtype} of {array.ndim} dimensions, expected {dtype} of {dimensions}")
    return array


def _shape_problem(arrays: ModelArrays, meta: Sequence[ItemMeta | None]) -> str | None:
    n = len(arrays.items)
    lengths = {name: len(getattr(arrays, name)) for name in ARRAYS} | {"meta": len(meta), "index": len(arrays.index)}
    if wrong := {name: length for name, length in lengths.items() if length != n}:
        return f"{n} items, but {wrong}"
    if arrays.neighbours.shape != arrays.neighbour_scores.shape:
        return f"neighbours {arrays.neighbours.shape}, their scores {arrays.neighbour_scores.shape}"
    if arrays.neighbours.size and not -1 <= int(arrays.neighbours.min()) <= int(arrays.neighbours.max()) < n:
        return "a neighbour is no item"
    ordered = arrays.orders.items
    if ordered.size and not 0 <= int(ordered.min()) <= int(ordered.max()) < n:
        return "an ordered item is no item"
    if not (np.isfinite(arrays.item_factors).all() and np.isfinite(arrays.neighbour_scores).all()):
        return "a factor or a score is not finite"
    return None


def _checked(path: Path, sha256: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelCorrupt(f"{path}: {error.strerror}") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelCorrupt(f"{path}: its bytes are not those that the manifest names; train again or roll back")
    return content


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
