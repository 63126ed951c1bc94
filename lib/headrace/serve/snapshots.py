"""The model, the catalogue and the trends in this process's memory: polled, verified, swapped whole. No ranking.

A request takes `current` once; a swap in the middle of it changes nothing for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from headrace.domain.catalogue import ItemMeta, catalogue_of, with_changes
from headrace.domain.snapshots import Snapshots, no_model, no_snapshots, snapshots_of
from headrace.domain.trend_lists import no_trends
from headrace.errors import FeatureSetMismatch, ModelCorrupt, StoreUnavailable
from headrace.serve.catalogue_feed import Feed
from headrace.serve.trend_feed import TrendFeed
from headrace.stores.ports import Pointer, Stores
from headrace.stores.shelf import ShelvedModel

NO_MODEL: Final = no_model().version
REFUSED_RETRY_S: Final = 30.0

LoadModel = Callable[[str], ShelvedModel]
"""version → the verified model. Raises ModelCorrupt or FeatureSetMismatch."""


class Served:
    """What this process serves from. The previous model stays in memory, for a rollback without a load.

    trained_ms  when the served model was trained, on the world's clock; None without a model
    refused     why the published model is not the served one, or None
    trouble     why the pointer could not be read the last time, or None
    """

    def __init__(self, stores: Callable[[], Stores], load: LoadModel, feed: Feed) -> None:
        self._stores = stores
        self._load = load
        self._feed = feed
        self.trends = TrendFeed(stores)
        self._models: dict[str, ShelvedModel] = {}
        self._asked = False
        self._refused_pointer: Pointer | None = None
        self._retry_at_s = 0.0
        self.current: Snapshots = no_snapshots()
        self.trained_ms: int | None = None
        self.refused: str | None = None
        self.trouble: str | None = None

    @property
    def loaded(self) -> bool:
        """Whether what was published when the process started is in memory, or is known not to be had."""
        return self._asked and self._feed.caught_up

    async def follow(self, poll_s: float) -> None:
        """Look for ever whether something newer is published."""
        while True:
            await self.refresh()
            await asyncio.sleep(poll_s)

    def at(self, clock_ms: int) -> Snapshots:
        """What a request at this time is answered from: without the trends where they are too old."""
        return replace(self.current, trends=no_trends()) if self.trends.stale(clock_ms) else self.current

    async def refresh(self) -> None:
        """One look at the pointer, the feed and the trends; a swap where any of them moved."""
        pointer = await self._pointer()
        if pointer is not None and pointer.version == self.current.model.version:
            self.refused = self._refused_pointer = None
        elif pointer is not None and (pointer != self._refused_pointer or _now_s() >= self._retry_at_s):
            await self._serve_model(pointer)
        if self._feed.offset != self.current.catalogue.offset:
            self.current = self._with_trends(await asyncio.to_thread(_with, self.current, *self._feed.take_fresh()))
        await self.trends.refresh()
        if self.current.trends.id != self.trends.id:
            self.current = self._with_trends(self.current)
        self._asked = True

    async def _pointer(self) -> Pointer | None:
        """None, too, where the store does not answer: what is in memory goes on being served."""
        try:
            pointer = await self._stores().pointers.get()
        except StoreUnavailable as error:
            self.trouble = str(error)
            return None
        self.trouble = None
        return pointer

    async def _serve_model(self, pointer: Pointer) -> None:
        try:
            kept = self._models.get(pointer.version)
            model = kept if kept is not None else await asyncio.to_thread(self._load, pointer.version)
        except (ModelCorrupt, FeatureSetMismatch) as error:
            # Not tried every second: hashing a corrupt model would cost the requests. Tried again, because its folder
            # may have been copied only half when it was first looked at.
            self.refused, self._refused_pointer = str(error), pointer
            self._retry_at_s = _now_s() + REFUSED_RETRY_S
            return
        self.current = self._with_trends(await asyncio.to_thread(_of_model, model, *self._feed.take_all()))
        self.trained_ms = model.manifest.origin.clock_ms
        self.refused = self._refused_pointer = None
        self._models[pointer.version] = model
        self._models = {name: one for name, one in self._models.items() if name in (pointer.version, pointer.previous)}

    def _with_trends(self, snapshots: Snapshots) -> Snapshots:
        return replace(snapshots, trends=self.trends.values(snapshots.catalogue.index))


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _of_model(model: ShelvedModel, changes: Mapping[str, ItemMeta | None], offset: str) -> Snapshots:
    arrays = model.arrays
    catalogue = catalogue_of(arrays.version, arrays.items, arrays.popularity, model.meta)
    return _with(snapshots_of(arrays, catalogue), changes, offset)


def _with(snapshots: Snapshots, changes: Mapping[str, ItemMeta | None], offset: str) -> Snapshots:
    return snapshots_of(snapshots.model, with_changes(snapshots.catalogue, changes, offset), snapshots)
