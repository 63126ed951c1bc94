from __future__ import annotations

import datetime as dt

import pytest

from headrace.domain.clean import write_clean
from headrace.domain.events import Event, ItemId, Person, Place
from headrace.stream.archive import catalogue_rows, decision_rows, rejected_rows, user_rows
from headrace.stream.clean import clean_events, in_windows
from headrace.stream.schemas import CATALOGUE, DECISIONS, EVENTS, REJECTED, USERS
from tests.stream.logs import RECORDS

pytestmark = pytest.mark.spark

AT = dt.datetime(2023, 11, 14, 22, 15, tzinfo=dt.UTC)  # 1_700_000_100_000


def records(spark, *rows):
    """Kafka records from (key, value, headers), at offsets 0, 1, …"""
    listed = [
        (key, value, [{"key": name, "value": text} for name, text in headers.items()], 1, offset, AT)
        for offset, (key, value, headers) in enumerate(rows)
    ]
    return spark.createDataFrame(listed, RECORDS)


def matches(rows, schema):
    return [(f.name, f.dataType) for f in rows.schema] == [(f.name, f.dataType) for f in schema]


def test_a_clean_record_becomes_a_typed_row_with_where_it_came_from(tuned):
    event = Event(
        event_id="e1", kind="rating", person=Person("u:17"), user_id="17", item_id=ItemId("i1"),
        occurred_at=1_700_000_000_001, received_at=1_700_000_000_009, late=True, value_milli=4_500, price_minor=199,
        currency="GBP", place=Place(51.5, -0.1), position=2**62, original='{"x": "é"}',
    )  # fmt: skip
    headers = {"src": b"3:1:77", "src_ms": b"1700000000005"}
    rows = clean_events(records(tuned, (b"u:17", write_clean(event), headers)))
    assert matches(rows, EVENTS)
    (row,) = rows.collect()
    assert {name: value for name, value in row.asDict().items() if value is not None} == {
        "event_date": dt.date(2023, 11, 14), "event_id": "e1", "kind": "rating", "person": "u:17", "user_id": "17",
        "item_id": "i1", "occurred_at": 1_700_000_000_001, "received_at": 1_700_000_000_009, "late": True,
        "value_milli": 4_500, "price_minor": 199, "currency": "GBP", "lat": 51.5, "lon": -0.1, "position": 2**62,
        "original": '{"x": "é"}', "src": "3:1:77", "src_ms": 1_700_000_000_005, "raw_generation": 3,
        "raw_partition": 1, "raw_offset": 77, "clean_partition": 1, "clean_offset": 0, "clean_ms": 1_700_000_100_000,
    }  # fmt: skip


def test_what_ingest_did_not_write_is_left_out(tuned):
    event = write_clean(Event(event_id="e", kind="view", person=Person("u:1"), occurred_at=1, received_at=1))
    src = {"src": b"1:0:5", "src_ms": b"7"}
    nobodys = [
        {},
        {"src": b"1:0", "src_ms": b"7"},
        {"src": b"x:0:5", "src_ms": b"7"},
        {"src": b"1:0:5", "src_ms": b"x"},
    ]
    strangers = [*((b"u:1", event, headers) for headers in nobodys), (None, b"\xff", src), (None, None, src)]
    rows = clean_events(records(tuned, *strangers, (b"u:1", event, src)))
    assert [row.clean_offset for row in rows.collect()] == [6]
    refused = rejected_rows(records(tuned, *strangers[:4], (None, None, src)))
    assert [row.rejected_offset for row in refused.collect()] == [4]


def test_rejected_records_keep_their_bytes_and_the_reason(tuned):
    headers = {"src": b"1:0:5", "src_ms": b"86400000", "reason": b"not_utf8", "detail": b"at byte 0"}
    rows = rejected_rows(records(tuned, (b"1:0:5", b"\xff\x00", headers)))
    assert matches(rows, REJECTED)
    assert rows.first().asDict() == {
        "rejected_date": dt.date(1970, 1, 2), "src": "1:0:5", "src_ms": 86_400_000, "raw_generation": 1,
        "raw_partition": 0, "raw_offset": 5, "reason": "not_utf8", "detail": "at byte 0", "raw": b"\xff\x00",
        "rejected_partition": 1, "rejected_offset": 0,
    }  # fmt: skip


def test_decisions_and_changes_of_items_and_people_keep_key_value_and_order(tuned):
    both = records(tuned, (b"a", b"\x01", {}), (b"a", None, {}))
    decisions, catalogue = decision_rows(both), catalogue_rows(both)
    assert matches(decisions, DECISIONS)
    assert decisions.first().asDict() == {
        "decision_date": dt.date(2023, 11, 14), "request_id": "a", "record": b"\x01", "decided_ms": 1_700_000_100_000,
    }  # fmt: skip
    assert matches(catalogue, CATALOGUE)
    assert [(row.item_id, row.value, row.catalogue_offset) for row in catalogue.collect()] == [
        ("a", "\x01", 0),
        ("a", None, 1),
    ]
    users = user_rows(both)
    assert matches(users, USERS)
    assert [(row.user_id, row.value, row.users_offset) for row in users.collect()] == [("a", "\x01", 0), ("a", None, 1)]


def test_each_value_is_parsed_once_whatever_is_asked_of_its_columns(tuned):
    counted = in_windows(clean_events(records(tuned, (b"k", b"{}", {"src": b"1:0:1"})))).where("occurred_at > 7")
    plan = counted._jdf.queryExecution().optimizedPlan().toString()
    assert plan.count("from_json(") == 1
