"""What the catalogue says about each item at the time of a training. Reads Delta's log of changes; no topic."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from delta.tables import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from headrace.domain.catalogue import ItemMeta, item_meta


@dataclass(frozen=True, slots=True)
class CatalogueState:
    """version: of the Delta table, None where there is none. metas: item id → its meta; deleted items are not in it."""

    version: int | None
    metas: Mapping[str, ItemMeta]


def read_catalogue(spark: SparkSession, path: str, currency: str) -> CatalogueState:
    """The newest change of each item, by its offset in the catalogue topic. Comes to the driver: the shelf lists it."""
    if not DeltaTable.isDeltaTable(spark, path):
        return CatalogueState(None, {})
    newest = DeltaTable.forPath(spark, path).history(1).select("version").first()
    version = None if newest is None else int(newest["version"])
    if version is None:
        return CatalogueState(None, {})
    changes = spark.read.format("delta").option("versionAsOf", version).load(path)
    latest = changes.groupBy("item_id").agg(F.max_by("value", "catalogue_offset").alias("value"))
    rows = latest.where(F.col("value").isNotNull()).toArrow().to_pydict()
    return CatalogueState(version, {item: _meta(text, currency) for item, text in zip(*rows.values(), strict=True)})


def _meta(text: str, currency: str) -> ItemMeta:
    """A record that is no JSON object says nothing, but its item exists: a wrong record must not end a training."""
    try:
        plain = json.loads(text)
    except ValueError:
        return ItemMeta()
    return item_meta(plain, currency) if isinstance(plain, dict) else ItemMeta()
