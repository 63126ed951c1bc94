"""The readers on the real folders, where this machine has them: every row is an event or skipped for a reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from headrace.local.checkout import ROOT
from headrace.local.datasets import open_dataset, spool

DATA = Path(os.environ.get("HEADRACE_DATA", ROOT.parent / "shared" / "data"))


def folder(name: str) -> Path:
    if not (DATA / name).is_dir():
        pytest.skip(f"no {name} below {DATA}; HEADRACE_DATA names the folder that has it")
    return DATA / name


def test_every_row_of_online_retail_is_an_event_or_skipped(tmp_path: Path) -> None:
    dataset = open_dataset(folder("online_retail/by-day"))
    with spool(dataset.events(), tmp_path) as spooled:
        assert dataset.format.name == "online_retail"
        assert spooled.skipped["cancellation"] == 7_852  # invoices that begin with C, counted with zgrep
        assert spooled.total + sum(spooled.skipped.values()) == 431_673
        wholesaler = [event for event in spooled.events() if event.user_id == "17841"]
        assert len(wholesaler) == 6_087 - 108 - 7  # its rows, less the cancelled and the ones of code M
        moments = [event.received_at for event in wholesaler]
        assert moments == sorted(moments)


def test_every_action_of_otto_is_an_event(tmp_path: Path) -> None:
    dataset = open_dataset(folder("otto_fixture"))
    with spool(dataset.events(), tmp_path) as spooled:
        kinds = [event.kind for event in spooled.events()]
        assert (dataset.format.name, spooled.total) == ("otto", 862)
        assert (kinds.count("click"), kinds.count("cart"), kinds.count("purchase")) == (800, 52, 10)


def test_flattened_otto_says_the_same_as_its_sessions(tmp_path: Path) -> None:
    source = folder("otto_fixture")
    (tmp_path / "events.csv.gz").symlink_to(source / "events.csv.gz")
    with (
        spool(open_dataset(source).events(), tmp_path) as sessions,
        spool(open_dataset(tmp_path).events(), tmp_path) as flat,
    ):
        told = [
            sorted((e.occurred_at, e.session_id, e.item_id, e.kind) for e in each.events()) for each in (sessions, flat)
        ]
    assert told[0] == told[1]


def test_every_line_of_the_complete_journey_is_an_event(tmp_path: Path) -> None:
    dataset = open_dataset(folder("complete_journey"))
    with spool(dataset.events(), tmp_path) as spooled:
        assert (dataset.format.name, spooled.total, dict(spooled.skipped)) == ("complete_journey", 75_000, {})
    assert sum(1 for _ in dataset.items()) == 92_331
