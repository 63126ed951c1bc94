"""Events in, five-minute totals per person, item and raw partition out. No session, no reads, no writes, no clock."""

from __future__ import annotations

from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from headrace.domain.events import UNKNOWN
from headrace.domain.facts import FACTS
from headrace.domain.panes import HOUR_MS, PANE_MS
from headrace.domain.whereabouts import SEARCHED
from headrace.stream.facts import READS, fact_totals, newest_place, people_words, person_bit, place_word
from headrace.stream.watermark import state_ends

USER, ITEM, PARTITION = "user", "item", "partition"

_KEY: Final = ("grain", "owner", "pane_ms", "category", "content_type")

PANE_COLUMNS: Final = (*_KEY, *FACTS)
"""One row per grain, owner, pane, category and content type, with absolute totals. Words of people: items only."""

_COUNTED_FOR_MS: Final = 86_400_000  # an hour of append is counted for a day more, whatever the events in it say


def panes(events: DataFrame, currency: str, state_horizon_ms: int | None = None) -> DataFrame:
    """Totals of deduplicated events that count, as PANE_COLUMNS; on a stream in update mode.

    user, item    pane_ms is the five minutes of occurred_at; a search's query is a cell of its person's too, as
                  domain/whereabouts.py has it
    partition     owner is '<generation>:<raw partition>', pane_ms the hour of the raw record's append, for account

    One shuffle and one state serve them all, since their rows differ only in the key. Where `occurred` has a
    watermark, `state_horizon_ms` is how far it lags: state behind it ends.
    """
    place = place_word(F.col("occurred_at"), F.col("lat"), F.col("lon")).alias("place")
    keyed = events.select(F.explode(_grains()).alias("key"), place, *READS).select("key.*", "place", *READS)
    timed = F.col("state_until") if state_horizon_ms is None else state_ends("state_until", state_horizon_ms)
    rows = keyed.where("owner IS NOT NULL").select(*_KEY, timed, "person_bit", "place", *READS)
    facts = (
        *fact_totals(currency),
        *people_words(F.col("person_bit")),
        newest_place(F.when(F.col("grain") == USER, F.col("place"))),
    )
    return rows.groupBy(*_KEY, "state_until").agg(*facts).select(*PANE_COLUMNS)


def _grains() -> Column:
    names = F.coalesce("category", F.lit(UNKNOWN)), F.coalesce("content_type", F.lit(UNKNOWN))
    occurred, appended = F.col("occurred_at"), F.col("src_ms")
    pane = occurred - F.pmod(occurred, F.lit(PANE_MS))
    hour = appended - F.pmod(appended, F.lit(HOUR_MS))
    raw_partition = F.concat_ws(":", "raw_generation", "raw_partition")
    pane_end, counted_until = pane + F.lit(PANE_MS), hour + F.lit(HOUR_MS + _COUNTED_FOR_MS)
    nobody, nameless = F.lit(None).cast("long"), (F.lit(""), F.lit(""))
    searcher = F.when((F.col("kind") == "search") & F.col("query").isNotNull(), F.col("person"))
    user = _key(USER, F.col("person"), pane, names, pane_end, nobody)
    search = _key(USER, searcher, pane, (F.col("query"), F.lit(SEARCHED)), pane_end, nobody)
    item = _key(ITEM, F.col("item_id"), pane, names, pane_end, person_bit(F.col("person")))
    partition = _key(PARTITION, raw_partition, hour, nameless, counted_until, nobody)
    return F.array(user, search, item, partition)


def _key(
    grain: str, owner: Column, pane: Column, names: tuple[Column, Column], until_ms: Column, bit: Column
) -> Column:
    category, content_type = names
    return F.struct(
        F.lit(grain).alias("grain"),
        owner.alias("owner"),
        pane.alias("pane_ms"),
        category.alias("category"),
        content_type.alias("content_type"),
        F.timestamp_millis(until_ms).alias("state_until"),
        bit.alias("person_bit"),
    )
