"""The columns of every Delta table and of the records on Kafka, written out once. No reads, no inference.

Integers are 64 bit, times are ms since 1970 UTC, prices minor units, `*_milli` thousandths, as in domain/events.py.
"""

from __future__ import annotations

from typing import Final

from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    DataType,
    DateType,
    DoubleType,
    LongType,
    MapType,
    StringType,
    StructField,
    StructType,
)

from headrace.domain.facts import PERSON_FACTS
from headrace.domain.summary import LISTED_ACTS

_TEXT, _LONG, _BYTES = StringType(), LongType(), BinaryType()


def _column(name: str, kind: DataType, comment: str) -> StructField:
    return StructField(name, kind, True, {"comment": comment})


CLEAN: Final = StructType(
    [
        StructField("event_id", _TEXT),
        StructField("kind", _TEXT),
        StructField("person", _TEXT),
        StructField("user_id", _TEXT),
        StructField("session_id", _TEXT),
        StructField("item_id", _TEXT),
        StructField("occurred_at", _LONG),
        StructField("received_at", _LONG),
        StructField("late", BooleanType()),
        StructField("value_milli", _LONG),
        StructField("price_minor", _LONG),
        StructField("currency", _TEXT),
        StructField("category", _TEXT),
        StructField("content_type", _TEXT),
        StructField("query", _TEXT),
        StructField("device", _TEXT),
        StructField("place", StructType([StructField("lat", DoubleType()), StructField("lon", DoubleType())])),
        StructField("tz_offset_min", _LONG),
        StructField("request_id", _TEXT),
        StructField("position", _LONG),
        StructField("original", _TEXT),
    ]
)
"""The JSON value of a record of events.clean (domain/clean.py)."""

EVENTS: Final = StructType(
    [
        _column("event_date", DateType(), "UTC date of occurred_at; the partition"),
        _column("event_id", _TEXT, "the sender's id; with person and occurred_at the deduplication key"),
        _column("kind", _TEXT, "what happened: view, cart, purchase, …"),
        _column("person", _TEXT, "u:<user_id>, else s:<session_id>"),
        _column("user_id", _TEXT, "the signed-in user"),
        _column("session_id", _TEXT, "the sender's session"),
        _column("item_id", _TEXT, "the item; absent for a search"),
        _column("occurred_at", _LONG, "when it happened, ms since 1970 UTC"),
        _column("received_at", _LONG, "when the edge or the broker got it, ms since 1970 UTC"),
        _column("late", BooleanType(), "received too long after it happened: outside every window"),
        _column("value_milli", _LONG, "stars, milliseconds or quantity, in thousandths"),
        _column("price_minor", _LONG, "price in minor units of currency"),
        _column("currency", _TEXT, "ISO 4217"),
        _column("category", _TEXT, "the item's category as the event says"),
        _column("content_type", _TEXT, "the item's content type as the event says"),
        _column("query", _TEXT, "what was searched for"),
        _column("device", _TEXT, "the sender's device"),
        _column("lat", DoubleType(), "degrees, WGS 84"),
        _column("lon", DoubleType(), "degrees, WGS 84"),
        _column("tz_offset_min", _LONG, "local time minus UTC, minutes"),
        _column("request_id", _TEXT, "the decision that showed the item"),
        _column("position", _LONG, "the slot in which it was shown"),
        _column("original", _TEXT, "the event's own JSON, where it has fields that version 1 does not know"),
        _column("src", _TEXT, "generation:partition:offset of the raw record"),
        _column("src_ms", _LONG, "append time of the raw record"),
        _column("raw_generation", _LONG, "src, first part: grows when events.raw is made anew"),
        _column("raw_partition", _LONG, "src, second part"),
        _column("raw_offset", _LONG, "src, third part"),
        _column("clean_partition", _LONG, "partition of events.clean"),
        _column("clean_offset", _LONG, "offset in events.clean: the order that decides which duplicate is the first"),
        _column("clean_ms", _LONG, "append time of the clean record"),
    ]
)

REJECTED: Final = StructType(
    [
        _column("rejected_date", DateType(), "UTC date of src_ms; the partition"),
        _column("src", _TEXT, "generation:partition:offset of the raw record"),
        _column("src_ms", _LONG, "append time of the raw record"),
        _column("raw_generation", _LONG, "src, first part"),
        _column("raw_partition", _LONG, "src, second part"),
        _column("raw_offset", _LONG, "src, third part"),
        _column("reason", _TEXT, "why it was refused (domain/contract.py); no_consent keeps no bytes"),
        _column("detail", _TEXT, "the field and value at fault"),
        _column("raw", _BYTES, "the exact bytes received; empty for no_consent"),
        _column("rejected_partition", _LONG, "partition of events.rejected"),
        _column("rejected_offset", _LONG, "offset in events.rejected"),
    ]
)

DECISIONS: Final = StructType(
    [
        _column("decision_date", DateType(), "UTC date of decided_ms; the partition"),
        _column("request_id", _TEXT, "the request that was answered"),
        _column("record", _BYTES, "zlib-compressed JSON (domain/decision.py)"),
        _column("decided_ms", _LONG, "append time of the record on the topic"),
    ]
)

CATALOGUE: Final = StructType(
    [
        _column("item_id", _TEXT, "the item"),
        _column("value", _TEXT, "the item as JSON; null: deleted"),
        _column("catalogue_partition", _LONG, "partition of the catalogue topic"),
        _column("catalogue_offset", _LONG, "offset there; the greatest of an item is what holds"),
        _column("changed_ms", _LONG, "append time of the record"),
    ]
)

USERS: Final = StructType(
    [
        _column("user_id", _TEXT, "the user"),
        _column("value", _TEXT, "the user's profile as JSON (domain/profile.py); null: deleted"),
        _column("users_partition", _LONG, "partition of the users topic"),
        _column("users_offset", _LONG, "offset there; the greatest of a user is what holds"),
        _column("changed_ms", _LONG, "append time of the record"),
    ]
)

_NULL_OF: Final = {"price_min": "price", "price_max": "price", "tz_offset_max": "offset"}
_FACT_COLUMNS: Final = [
    _column(name, _LONG, "domain/facts.py" + (f"; null where no {_NULL_OF[name]} was told" if name in _NULL_OF else ""))
    for name in PERSON_FACTS
]

USER_WINDOWS: Final = StructType(
    [
        _column("event_date", DateType(), "UTC date of window_start; the partition"),
        _column("person", _TEXT, "as in events"),
        _column("category", _TEXT, "the events' category, unknown where absent; sum over it for the whole window"),
        _column("content_type", _TEXT, "the events' content type, unknown where absent; sum over it likewise"),
        _column(
            "window_kind", _TEXT, "5m, 1h (sliding every 5 minutes), 1d (UTC) or 1d_local (where the offset is told)"
        ),
        _column(
            "window_start", _LONG, "first ms of the window; 1d_local begins at midnight by the row's tz_offset_max"
        ),
        _column("window_end", _LONG, "first ms after the window"),
        *_FACT_COLUMNS,
    ]
)

SESSIONS: Final = StructType(
    [
        _column("event_date", DateType(), "UTC date of started_ms; the partition"),
        _column("person", _TEXT, "as in events"),
        _column("session_id", _TEXT, "the sender's session; empty where it names none"),
        _column("started_ms", _LONG, "the first event"),
        _column("ended_ms", _LONG, "the last event"),
        _column("length_ms", _LONG, "from the first event to the last"),
        _column("n_events", _LONG, "all events of it"),
        _column("more", BooleanType(), f"it has more than {LISTED_ACTS} acts: entry_kind to watch_by_type cover those"),
        _column("entry_kind", _TEXT, "of the first act; an act is any event but an impression"),
        _column("entry_item", _TEXT, "of the first act on an item"),
        _column("entry_category", _TEXT, "of the first act on an item"),
        _column("price_first", _LONG, "of the first priced act"),
        _column("price_last", _LONG, "of the last priced act"),
        _column("price_up", _LONG, "by how much the price rose from one priced act to the next, in sum"),
        _column("price_down", _LONG, "by how much it fell: price_first + price_up - price_down = price_last"),
        _column("viewed", ArrayType(_TEXT), "distinct items viewed, clicked, dwelt on or watched, by first such act"),
        _column("carted", ArrayType(_TEXT), "distinct items put into the cart, by first such act"),
        _column("bought", ArrayType(_TEXT), "distinct items purchased, by first such act"),
        _column("skipped", ArrayType(_TEXT), "distinct items skipped, by first such act"),
        _column("unwanted", ArrayType(_TEXT), "distinct items hidden or disliked, by first such act"),
        _column("categories", MapType(_TEXT, _LONG), "category, unknown among them, to its acts"),
        _column("dwell_by_type", MapType(_TEXT, _LONG), "content type, unknown among them, to dwell time in ms"),
        _column("watch_by_type", MapType(_TEXT, _LONG), "content type, unknown among them, to watch time in ms"),
        _column("cart_after_ms", _LONG, "from the first event to the first cart; null where it came to none"),
        _column("purchase_after_ms", _LONG, "from the first event to the first purchase; null where it came to none"),
        *_FACT_COLUMNS,
    ]
)
