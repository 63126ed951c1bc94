from __future__ import annotations

from pathlib import Path

import pytest

from headrace.errors import BadInput
from headrace.settings import Settings
from headrace.watch.rejected import Choice, Rejected, known, open_rejected, per_hour, per_reason, with_bytes
from tests.watch.rejected_table import DAY, NOON, Row, append, settings_of

HOUR = 3_600_000


@pytest.fixture
def three_days(tmp_path: Path) -> Settings:
    settings = settings_of(tmp_path)
    append(settings, [Row(0, NOON - DAY, "not_utf8", b"\xff\xfe"), Row(1, NOON - 1, "not_json", b"{")])
    append(settings, [Row(2, NOON, "not_json", b"\x00" * 5_000), Row(3, NOON + DAY, "no_consent", b"")])
    return settings


def srcs(settings: Settings, choice: Choice) -> list[str]:
    return known(open_rejected(settings), choice)["src"].to_pylist()


def test_records_are_counted_by_reason_and_by_the_hour_of_their_append(three_days: Settings) -> None:
    rows = known(open_rejected(three_days), Choice())
    assert per_reason(rows) == {"not_json": 2, "no_consent": 1, "not_utf8": 1}
    assert list(per_reason(rows)) == ["not_json", "no_consent", "not_utf8"]  # the most frequent first, then by name
    assert per_hour(rows) == {
        (NOON - DAY, "not_utf8"): 1,
        (NOON - HOUR, "not_json"): 1,
        (NOON, "not_json"): 1,
        (NOON + DAY, "no_consent"): 1,
    }


def test_reason_src_and_time_choose_together_and_the_end_of_time_is_not_within(three_days: Settings) -> None:
    assert srcs(three_days, Choice()) == ["1:0:0", "1:0:1", "1:0:2", "1:0:3"]
    assert srcs(three_days, Choice(reason="not_json")) == ["1:0:1", "1:0:2"]
    assert srcs(three_days, Choice(reason="not_json", from_ms=NOON)) == ["1:0:2"]
    assert srcs(three_days, Choice(from_ms=NOON - DAY, to_ms=NOON)) == ["1:0:0", "1:0:1"]
    assert srcs(three_days, Choice(srcs=("1:0:3", "1:0:0", "1:0:77"), to_ms=NOON)) == ["1:0:0"]


def test_a_record_that_a_killed_ingest_wrote_again_is_one_record_as_it_was_first_written(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    append(settings, [Row(4, NOON, "bad_value", b"b", copy=9), Row(5, NOON, copy=8)])
    append(settings, [Row(4, NOON, "not_json", b"b", copy=2)])
    rows = known(open_rejected(settings), Choice())
    assert list(zip(rows["src"].to_pylist(), rows["reason"].to_pylist(), strict=True)) == [
        ("1:0:4", "not_json"),
        ("1:0:5", "not_json"),
    ]


def test_bytes_come_whole_or_cut_in_the_order_that_was_asked_for(three_days: Settings) -> None:
    table = open_rejected(three_days)
    newest_first = known(table, Choice(to_ms=NOON + 1)).take([2, 1, 0])
    assert with_bytes(table, newest_first, at_most=3) == [
        Rejected("1:0:2", NOON, "not_json", "why", b"\x00\x00\x00", 5_000),
        Rejected("1:0:1", NOON - 1, "not_json", "why", b"{", 1),
        Rejected("1:0:0", NOON - DAY, "not_utf8", "why", b"\xff\xfe", 2),
    ]
    whole = with_bytes(table, newest_first)
    assert [len(record.raw) for record in whole] == [5_000, 1, 2]
    assert with_bytes(table, newest_first.slice(0, 0)) == []


def test_files_of_other_days_are_not_opened(three_days: Settings) -> None:
    for file in Path(three_days.table("rejected")).glob("rejected_date=2025-11-30/*.parquet"):
        file.write_bytes(b"opening this would fail")
    assert srcs(three_days, Choice(from_ms=NOON)) == ["1:0:2", "1:0:3"]


def test_a_world_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    (tmp_path / "worlds" / "demo").mkdir(parents=True)
    with pytest.raises(BadInput, match=r"--world main: no such world below .*: there is demo$"):
        open_rejected(settings_of(tmp_path))


def test_a_world_without_the_table_yet_is_told_what_makes_it(tmp_path: Path) -> None:
    (tmp_path / "worlds" / "main").mkdir(parents=True)
    with pytest.raises(BadInput, match=r"no table of rejected records yet; .*headrace up --world main"):
        open_rejected(settings_of(tmp_path))
