"""Folders, files and rows that cannot be read, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.errors import BadDataset
from headrace.local.datasets import complete_journey, open_dataset
from tests.local.datasets.folders import RETAIL_HEADER, read, write


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
