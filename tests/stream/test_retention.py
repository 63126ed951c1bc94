"""How old a row becomes is the settings' word; which rows that means is a condition on their day and their coming."""

from __future__ import annotations

import pytest

from headrace.errors import BadSettings
from headrace.program import conf_dir
from headrace.settings import Keep, Settings, World, load_settings
from headrace.stream.retention import days_kept, kept_from_ms, too_old
from headrace.stream.schemas import EVENTS, SESSIONS
from headrace.stream.tables import TABLES

NOON = 1_700_049_600_000  # 2023-11-15 12:00 UTC


def test_every_table_with_a_day_says_for_how_long_its_rows_are_kept() -> None:
    assert set(days_kept(Settings())) == {name for name, table in TABLES.items() if table.partitioned_by is not None}


def test_a_row_is_kept_for_whole_days() -> None:
    assert kept_from_ms(NOON, 30) == 1_697_414_400_000  # 2023-10-16 00:00 UTC


def test_an_event_is_too_old_when_it_happened_and_came_before_the_oldest_day_that_is_kept() -> None:
    assert too_old(EVENTS.names, "event_date", 1_697_414_400_000) == (
        "event_date < DATE'2023-10-16' AND src_ms < 1697414400000"
    )


def test_what_does_not_say_when_it_came_goes_by_its_day() -> None:
    assert too_old(SESSIONS.names, "event_date", 1_697_414_400_000) == "event_date < DATE'2023-10-16'"


def test_a_replayed_world_loses_no_row_for_its_age() -> None:
    assert days_kept(Settings(world=World(clock="stream"))) == {}


def test_the_tables_that_the_account_compares_keep_more_than_the_broker_does() -> None:
    with pytest.raises(BadSettings, match=r"keep\.rejected"):
        load_settings(conf_dir(), environ={"HEADRACE__KEEP__REJECTED": "8"})
    assert Keep(rejected=9).rejected == 9
