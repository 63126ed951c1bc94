"""online_retail: what becomes of a row, of dirt, and of titles and prices. Worked out by hand."""

from __future__ import annotations

from pathlib import Path

from headrace.local.datasets import open_dataset
from headrace.local.wire import WireEvent, WireItem
from tests.local.datasets.folders import RETAIL_HEADER, ms, read, write


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
