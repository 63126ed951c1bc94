"""The label of a model on the shelf: what it was made from, what it holds, how it was judged. No arrays, no writing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from headrace.errors import ModelCorrupt

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a model was made from and with: everything of its manifest that is not counted from its arrays.

    clock_ms         the world's clock; the moment in the version's name
    delta_version    the pinned version of the ledger
    interval_end_ms  events received before it were used; None: all of that version
    parameters       the settings that shaped it
    """

    feature_set_id: str
    clock_ms: int
    delta_version: int
    interval_end_ms: int | None
    parameters: Mapping[str, Json]
    events: int
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The label of a shelf folder. `gate` is the verdict with its numbers; `files` maps each file to its sha256."""

    version: str
    origin: Origin
    items: int
    rank: int
    neighbours: int
    gate: Mapping[str, Json]
    files: Mapping[str, str]


def read_manifest(shelf: Path, version: str) -> Manifest:
    """The manifest alone, without looking at the other files. Raises ModelCorrupt where it is missing or not one."""
    path = shelf / version / MANIFEST
    try:
        fields = json.loads(path.read_bytes())
        if fields.pop("format") != FORMAT or fields["version"] != version:
            raise ModelCorrupt(f"{path}: not the manifest of {version} in format {FORMAT}")
        return Manifest(**{**fields, "origin": Origin(**fields["origin"])})
    except OSError as error:
        raise ModelCorrupt(f"{path}: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelCorrupt(f"{path}: not a manifest: {error}") from error


def manifest_bytes(manifest: Manifest) -> bytes:
    """The content of manifest.json, for people to read too."""
    return as_json({"format": FORMAT, **asdict(manifest)}, indent=2)


def as_json(value: object, indent: int | None = None) -> bytes:
    """UTF-8 JSON; without `indent` it is canonical: sorted keys, so the same value is the same bytes."""
    return json.dumps(value, ensure_ascii=False, sort_keys=indent is None, allow_nan=False, indent=indent).encode()
