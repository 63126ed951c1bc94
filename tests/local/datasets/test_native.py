"""Our own columns, in text and in Parquet, with items and people beside them."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from headrace.errors import BadDataset
from headrace.local.datasets import open_dataset
from headrace.local.wire import WireEvent, WireItem, WirePlace, WireUser, user_record
from tests.local.datasets.folders import ms, read, write


def test_a_folder_of_three_columns_is_enough(tmp_path: Path) -> None:
    write(tmp_path / "events.csv.gz", "session_id,item_id,occurred_at", "9,5,1000", ",6,2000", "9,7,")
    found = read(open_dataset(tmp_path))
    assert found.events == (
        WireEvent(event_id="events:1", kind="view", occurred_at=1000, received_at=1000, session_id="9", item_id="5"),
    )
    assert found.skipped == {"no_person": 1, "no_time": 1}


def test_parquet_files_are_read_in_name_order_and_filled_from_the_items(tmp_path: Path) -> None:
    pq.write_table(
        pa.table(
            {
                "event_id": ["a"],
                "kind": ["rating"],
                "user_id": pa.array([12], pa.int64()),
                "item_id": pa.array([5], pa.int32()),
                "occurred_at": pa.array([datetime(2020, 1, 1, tzinfo=UTC)], pa.timestamp("us", "UTC")),
                "value": [4.5],
                "lat": [51.5],
                "lon": [-0.1],
                "colour": ["red"],
            }
        ),
        tmp_path / "b.parquet",
    )
    pq.write_table(pa.table({"user_id": ["12"], "item_id": ["6"], "occurred_at": [5]}), tmp_path / "a.parquet")
    write(
        tmp_path / "items.csv",
        "item_id,title,category,content_type,price_minor,currency",
        "5,Five,cups,product,,",
        "6,Six,,,250,EUR",
    )
    dataset = open_dataset(tmp_path)
    assert dataset.format.name == "native"
    version = "items-" + blake2b((tmp_path / "items.csv").read_bytes(), digest_size=8).hexdigest()
    assert read(dataset).events == (
        WireEvent(
            event_id="a:1",
            kind="view",
            occurred_at=5,
            received_at=5,
            user_id="12",
            item_id="6",
            price_minor=250,
            currency="EUR",
            catalogue_version=version,
        ),
        WireEvent(
            event_id="a",
            kind="rating",
            occurred_at=ms("2020-01-01T00:00:00"),
            received_at=ms("2020-01-01T00:00:00"),
            user_id="12",
            item_id="5",
            value=4.5,
            category="cups",
            content_type="product",
            place=WirePlace(51.5, -0.1),
            catalogue_version=version,
        ),
    )
    assert list(dataset.items()) == [
        WireItem(item_id="5", title="Five", category="cups", content_type="product"),
        WireItem(item_id="6", title="Six", price_minor=250, currency="EUR"),
    ]


def test_people_are_read_from_a_file_of_their_own(tmp_path: Path) -> None:
    write(tmp_path / "events.csv", "user_id,item_id,occurred_at", "12,6,5")
    write(
        tmp_path / "users.csv.gz",
        "user_id,country,birth_year,segments,consent,shoe_size",
        "12,GB,1984,new|trade,true,9",
        "13,,,,,",
    )
    dataset = open_dataset(tmp_path)
    assert [event.item_id for event in read(dataset).events] == ["6"]
    users = list(dataset.users())
    assert users == [
        WireUser(user_id="12", country="GB", birth_year=1984, segments=("new", "trade"), consent=True),
        WireUser(user_id="13"),
    ]
    assert user_record(users[1]).value == b'{"user_id":"13"}'
    assert user_record(users[0]).key == b"12"


def test_people_without_an_id_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "events.csv", "user_id,item_id,occurred_at", "12,6,5")
    write(tmp_path / "users.csv", "country", "GB")
    with pytest.raises(BadDataset, match=r"users\.csv: no column 'user_id'"):
        open_dataset(tmp_path)
    write(tmp_path / "users.csv", "user_id,country", ",GB")
    with pytest.raises(BadDataset, match=r"users\.csv, row 1: it has no user_id"):
        list(open_dataset(tmp_path).users())
