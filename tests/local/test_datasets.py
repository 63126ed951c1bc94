"""Readers of public formats: hand-made files whose events are worked out by hand, and folders that cannot be read."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from headrace.errors import BadDataset
from headrace.local.datasets import Dataset, Skip, complete_journey, open_dataset, spool
from headrace.local.wire import WireEvent, WireItem, WirePlace, WireUser, user_record

RETAIL_HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


@dataclass(frozen=True, slots=True)
class Read:
    """What a folder turned into."""

    events: tuple[WireEvent, ...]
    skipped: Mapping[str, int]


def read(dataset: Dataset, run_events: int = 100_000) -> Read:
    with spool(dataset.events(), dataset.folder / "tmp", run_events=run_events) as spooled:
        return Read(tuple(spooled.events()), dict(spooled.skipped))


def write(path: Path, *lines: str) -> None:
    text = "\n".join(lines) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())


def ms(iso: str) -> int:
    return int(datetime.fromisoformat(iso).replace(tzinfo=UTC).timestamp() * 1000)


def test_a_retail_row_becomes_a_purchase_at_its_utc_moment(tmp_path: Path) -> None:
    write(tmp_path / "2010-12-01.csv.gz", RETAIL_HEADER, "536365,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,UK")
    write(tmp_path / "2011-06-01.csv.gz", RETAIL_HEADER, "555001,22423,CAKESTAND,2,2011-06-01 10:30:00,12.75,,UK")
    dataset = open_dataset(tmp_path)
    assert dataset.format.name == "online_retail"
    assert read(dataset).events == (
        WireEvent(
            event_id="2010-12-01:2",
            kind="purchase",
            occurred_at=ms("2010-12-01T08:26:00"),  # winter: UK time is UTC
            received_at=ms("2010-12-01T08:26:00"),
            user_id="17850",
            session_id="536365",
            item_id="85123A",
            value=6.0,
            price_minor=255,
            currency="GBP",
            tz_offset_min=0,
        ),
        WireEvent(
            event_id="2011-06-01:2",
            kind="purchase",
            occurred_at=ms("2011-06-01T09:30:00"),  # summer: UK time is an hour ahead
            received_at=ms("2011-06-01T09:30:00"),
            session_id="555001",
            item_id="22423",
            value=2.0,
            price_minor=1275,
            currency="GBP",
            tz_offset_min=60,
        ),
    )


def test_retail_dirt_is_skipped_for_the_first_reason_that_applies(tmp_path: Path) -> None:
    write(
        tmp_path / "2010-12-01.csv",
        RETAIL_HEADER,
        "C536379,D,Discount,-1,2010-12-01 09:41:00,27.50,14527.0,UK",  # cancelled, negative, no product
        "536589,21777,damaged,-10,2010-12-01 16:50:00,0.0,,UK",  # negative, then free
        "536414,22139,,56,2010-12-01 11:52:00,0.0,,UK",
        "536370,POST,POSTAGE,3,2010-12-01 08:45:00,18.00,12583.0,France",
        "544398,M,Manual,1,2010-12-01 08:45:00,0.001,12583.0,France",  # a tenth of a penny: no price
        "536865,DCGS0003,BOXED GLASS ASHTRAY,1,2010-12-01 16:58:00,2.51,,UK",
    )
    found = read(open_dataset(tmp_path))
    assert found.skipped == {"cancellation": 1, "quantity": 1, "price": 2, "not_a_product": 1}
    assert [(event.event_id, event.item_id) for event in found.events] == [("2010-12-01:7", "DCGS0003")]


def test_a_retail_item_has_the_title_and_price_of_its_newest_sale(tmp_path: Path) -> None:
    write(
        tmp_path / "2010-12-01.csv",
        RETAIL_HEADER,
        "1,22423,OLD NAME,1,2010-12-01 08:00:00,10.95,1.0,UK",
        "2,22423,NEW NAME ,1,2010-12-01 09:00:00,12.75,1.0,UK",
        "3,22423,,1,2010-12-01 10:00:00,11.00,1.0,UK",
        "4,22423,smashed,-5,2010-12-01 11:00:00,0.0,,UK",
    )
    assert list(open_dataset(tmp_path).items()) == [
        WireItem(item_id="22423", title="NEW NAME", price_minor=1100, currency="GBP")
    ]


def test_a_quoted_line_break_does_not_shift_the_line_numbers(tmp_path: Path) -> None:
    write(
        tmp_path / "d.csv",
        RETAIL_HEADER,
        '1,22423,"TWO\nLINES",1,2010-12-01 08:00:00,1.00,1.0,UK',
        "2,22424,NEXT,1,2010-12-01 08:00:00,1.00,1.0,UK",
    )
    assert [event.event_id for event in read(open_dataset(tmp_path)).events] == ["d:2", "d:4"]


def test_otto_sessions_become_events_in_order_of_time(tmp_path: Path) -> None:
    write(
        tmp_path / "train.jsonl",
        '{"session":7,"events":[{"aid":1,"ts":1000,"type":"clicks"},{"aid":2,"ts":3000,"type":"carts"}]}',
        '{"session":8,"events":[{"aid":2,"ts":2000,"type":"orders"}]}',
    )
    write(tmp_path / "events.csv", "ts_ms,session_id,item_id,event_type", "1000,7,1,clicks")
    dataset = open_dataset(tmp_path)
    assert dataset.format.name == "otto"
    assert read(dataset).events == (
        WireEvent(event_id="7:0", kind="click", occurred_at=1000, received_at=1000, session_id="7", item_id="1"),
        WireEvent(event_id="8:0", kind="purchase", occurred_at=2000, received_at=2000, session_id="8", item_id="2"),
        WireEvent(event_id="7:1", kind="cart", occurred_at=3000, received_at=3000, session_id="7", item_id="2"),
    )


def test_flattened_otto_is_read_where_there_are_no_sessions(tmp_path: Path) -> None:
    write(tmp_path / "events.csv.gz", "ts_ms,session_id,item_id,event_type", "1659304800025,0,1517085,carts")
    assert read(open_dataset(tmp_path)).events == (
        WireEvent(
            event_id="events:2",
            kind="cart",
            occurred_at=1659304800025,
            received_at=1659304800025,
            session_id="0",
            item_id="1517085",
        ),
    )


def test_a_grocery_line_keeps_its_dollars_category_and_clock(tmp_path: Path) -> None:
    write(
        tmp_path / "events.csv.gz",
        "ts_ms,user_id,session_id,item_id,event_type,price,quantity,sales_value,store_id,category,department,local_time",
        "1483273827000,906,312,1075313,purchase,1.495,2.0,2.99,319,SEAFOOD,GROCERY,2017-01-01T07:30:27-0500",
        "1483273828000,906,312,5978656,purchase,,0.0,0.0,319,,,2017-01-01T07:30:28-0500",
    )
    write(
        tmp_path / "products.csv.gz",
        "product_id,manufacturer_id,department,brand,product_category,product_type,package_size",
        "1075313,69,GROCERY,Private,SEAFOOD,TUNA,5 OZ",
        "26081,2,MISCELLANEOUS,National,,,",
    )
    dataset = open_dataset(tmp_path)
    assert dataset.format.name == "complete_journey"
    assert read(dataset).events == (
        WireEvent(
            event_id="events:2",
            kind="purchase",
            occurred_at=1483273827000,
            received_at=1483273827000,
            user_id="906",
            session_id="312",
            item_id="1075313",
            value=2.0,
            price_minor=150,
            currency="USD",
            category="SEAFOOD",
            tz_offset_min=-300,
        ),
        WireEvent(
            event_id="events:3",
            kind="purchase",
            occurred_at=1483273828000,
            received_at=1483273828000,
            user_id="906",
            session_id="312",
            item_id="5978656",
            value=0.0,
            tz_offset_min=-300,
        ),
    )
    assert list(dataset.items()) == [
        WireItem(item_id="1075313", title="TUNA, 5 OZ", category="SEAFOOD", brand="Private"),
        WireItem(item_id="26081", brand="National"),
    ]


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


def test_events_are_spooled_by_arrival_whatever_the_size_of_a_run(tmp_path: Path) -> None:
    write(
        tmp_path / "events.csv",
        "user_id,item_id,occurred_at,received_at",
        *("u,a,40,40", "u,b,10,30", "u,c,10,10", "u,d,20,30", "u,e,10,30"),
    )
    for run_events in (1, 2, 3, 100):
        found = read(open_dataset(tmp_path), run_events)
        assert [event.item_id for event in found.events] == ["c", "b", "e", "d", "a"]


def test_a_spool_counts_before_anything_is_sent(tmp_path: Path) -> None:
    rows = [
        WireEvent(event_id=str(at), kind="view", occurred_at=at, received_at=at, user_id="u", item_id="i")
        for at in (30, 10, 20)
    ]
    with spool([*rows, Skip("price"), Skip("price")], tmp_path, keep=lambda event: event.occurred_at > 10) as spooled:
        assert (spooled.total, dict(spooled.skipped)) == (2, {"price": 2})
        assert [event.occurred_at for event in spooled.events()] == [20, 30]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "no event files"),
        ({"events.csv": "user_id,occurred_at\n1,2"}, "events.csv: no column 'item_id' for format native"),
        ({"events.csv": "user_id,item_id\n1,2"}, "events.csv: no column 'occurred_at' for format native"),
        (
            {"2010-12-01.csv": RETAIL_HEADER.replace("UnitPrice,", "") + "\n"},
            "2010-12-01.csv: no column 'UnitPrice' for format online_retail; it has InvoiceNo, StockCode",
        ),
        (
            {"a.csv": RETAIL_HEADER + "\n", "b.csv": RETAIL_HEADER.replace("Quantity", "Amount") + "\n"},
            "b.csv: no column 'Quantity', which format online_retail needs",
        ),
        ({"events.csv": "foo,bar\n1,2"}, "formats: native, online_retail, complete_journey, otto"),
    ],
)
def test_a_folder_that_cannot_be_read_says_which_file_and_column(
    tmp_path: Path, files: dict[str, str], said: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(BadDataset, match=r"formats|needs") as error:
        open_dataset(tmp_path)
    assert said in str(error.value)
    assert str(tmp_path) in str(error.value)
    assert error.value.exit_code == 2


def test_an_unknown_format_or_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match="--format movielens: no such format"):
        open_dataset(tmp_path, "movielens")
    with pytest.raises(BadDataset, match="nowhere: no such folder"):
        open_dataset(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1,22423,X,six,2010-12-01 08:00:00,1.00,1.0,UK", "line 2: not a row of online_retail"),
        ("1,22423,X,6,1 Dec 2010,1.00,1.0,UK", "line 2: not a row of online_retail"),
        ("1,22423,X,6,2010-12-01 08:00:00,dear,1.0,UK", "line 2: not a row of online_retail"),
        ("1,22423,X,6", "line 2: 4 fields where the header has 8"),
    ],
)
def test_a_row_that_is_none_names_its_line(tmp_path: Path, row: str, said: str) -> None:
    write(tmp_path / "d.csv", RETAIL_HEADER, row)
    with pytest.raises(BadDataset) as error:
        read(open_dataset(tmp_path))
    assert said in str(error.value)


def test_a_truncated_file_is_an_error_not_a_short_dataset(tmp_path: Path) -> None:
    rows = [f"{n},22423,X,{n},2010-12-01 08:00:00,1.{n % 100:02},1.0,UK" for n in range(1, 5000)]
    write(tmp_path / "d.csv.gz", RETAIL_HEADER, *rows)
    whole = (tmp_path / "d.csv.gz").read_bytes()
    (tmp_path / "d.csv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadDataset, match=r"d\.csv\.gz, after line \d+: cannot be read"):
        read(open_dataset(tmp_path))


def test_a_column_of_the_wrong_type_names_the_file(tmp_path: Path) -> None:
    write(tmp_path / "events.csv", "user_id,item_id,occurred_at", "1,2,yesterday")
    with pytest.raises(BadDataset, match=r"events\.csv: cannot be read as .*occurred_at"):
        read(open_dataset(tmp_path))


@pytest.mark.parametrize(
    ("name", "header", "items", "item_header", "column"),
    [
        ("events.csv", "user_id,item_id,occurred_at", "items.csv", "id,title", "item_id"),
        ("events.csv", None, "products.csv", "product_id,brand", "product_category"),
    ],
)
def test_a_catalogue_without_a_needed_column_is_named_before_anything_is_read(
    tmp_path: Path, name: str, header: str | None, items: str, item_header: str, column: str
) -> None:
    write(tmp_path / name, header or ",".join(complete_journey.COLUMNS))
    write(tmp_path / items, item_header)
    with pytest.raises(BadDataset, match=rf"{items}: no column '{column}', which the catalogue of format"):
        open_dataset(tmp_path)


def test_an_item_without_an_id_names_its_row(tmp_path: Path) -> None:
    write(tmp_path / "events.csv", "user_id,item_id,occurred_at", "u,i,1")
    write(tmp_path / "items.csv", "item_id,title", "i,An item", ",No item")
    with pytest.raises(BadDataset, match=r"items\.csv, row 2: it has no item_id"):
        read(open_dataset(tmp_path))


def test_a_spool_lies_where_it_is_told_to_and_leaves_nothing(tmp_path: Path) -> None:
    event = WireEvent(event_id="a", kind="view", occurred_at=1, received_at=1, user_id="u", item_id="i")
    with spool([event], tmp_path / "tmp") as spooled:
        assert [run.path.is_relative_to(tmp_path / "tmp") for run in spooled.runs] == [True]
    assert list((tmp_path / "tmp").iterdir()) == []
