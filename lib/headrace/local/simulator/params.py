"""The parameters of a simulated world, read from conf/simulator.toml, where each key is explained. No randomness.

An unknown or a missing key refuses to load."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from headrace.errors import BadSettings


class PeopleParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    count: int
    sessions_per_day: float
    activity_spread: float
    anonymous_per_day: float
    tastes: int
    focus: float
    budget_spread: float


class CatalogueParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    items: int
    dimensions: int
    scatter: float
    popularity_exponent: float
    quality_spread: float
    price_spread: float
    currency: str


class VisitParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pages: float
    page_items: int
    search_rate: float
    max_minutes: int
    page_pull: float
    related_pull: float
    think_s: float
    dwell_s: float


class UtilityParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    taste: float
    intent: float
    price: float


class FunnelParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    click: float
    like: float
    dislike: float
    hide: float
    cart: float
    playlist_add: float
    skip: float
    purchase: float
    uncart: float
    pause: float
    rate: float


class RhythmParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    hours: tuple[float, ...]
    weekend: float


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    brands: tuple[str, ...]
    qualities: tuple[str, ...]


class CategoryParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    content_type: Literal["product", "video", "article"]
    price_minor: int
    nouns: tuple[str, ...]


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    people: PeopleParams
    catalogue: CatalogueParams
    visit: VisitParams
    utility: UtilityParams
    funnel: FunnelParams
    rhythm: RhythmParams
    words: Words
    categories: tuple[CategoryParams, ...]


def load_params(path: Path) -> Params:
    """Read a parameter file. Raises BadSettings naming the file and the key."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Params)
    except FileNotFoundError as error:
        raise BadSettings(f"{path}: no such simulator file") from error
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise BadSettings(f"{path}: {error}") from error
