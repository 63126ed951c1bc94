"""complete_journey: a line of a basket. Worked out by hand."""

from __future__ import annotations

from pathlib import Path

from headrace.local.datasets import open_dataset
from headrace.local.wire import WireEvent, WireItem
from tests.local.datasets.folders import read, write


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
