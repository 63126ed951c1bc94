from __future__ import annotations

import datetime as dt

import pytest
from bench.tutorial import COLUMNS, WINDOWS, window_totals

from headrace.domain.clean import write_clean
from headrace.domain.events import Event, Person

pytestmark = pytest.mark.spark

SEVEN_PAST = 1_700_006_820_000  # 2023-11-15 00:07:00 UTC


def bought(event_id, minutes):
    at = SEVEN_PAST + minutes * 60_000
    return Event(
        event_id=event_id, kind="purchase", person=Person("u:1"), occurred_at=at, received_at=at, price_minor=250,
        category="c",
    )  # fmt: skip


def test_the_peer_counts_each_event_in_every_window_that_holds_it(spark):
    values = [(write_clean(bought("a", 0)),), (write_clean(bought("b", 4)),)]  # at 00:07 and 00:11
    records = spark.createDataFrame(values, "value binary")
    found = {length: sorted(map(tuple, window_totals(records, of()).collect())) for length, of in WINDOWS.items()}

    def row(month, day, hour, minute, events):
        starts = dt.datetime(2023, month, day, hour, minute, tzinfo=dt.UTC).astimezone().replace(tzinfo=None)
        return ("u:1", starts, "c", events, events, 250 * events)  # Spark hands out local times

    assert window_totals(records, WINDOWS["day"]()).columns == list(COLUMNS)
    assert found["five_minutes"] == [row(11, 15, 0, 5, 1), row(11, 15, 0, 10, 1)]
    assert found["day"] == [row(11, 15, 0, 0, 2)]
    assert len(found["sliding_hour"]) == 13  # 12 windows hold each, and 11 of them both
    assert found["sliding_hour"][0] == row(11, 14, 23, 10, 1)
    assert found["sliding_hour"][-1] == row(11, 15, 0, 10, 1)
