from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from headrace.domain.catalogue import ItemMeta
from headrace.domain.model import ModelArrays
from headrace.domain.orders import no_orders, orders_of
from headrace.errors import FeatureSetMismatch, ModelCorrupt
from headrace.stores.manifest import Origin, read_manifest
from headrace.stores.shelf import list_versions, load_model, remove_versions, version_of, write_model

META = (ItemMeta(title="Ein Krug – blau", category="kitchen", price_minor=250), None, ItemMeta())
ORIGIN = Origin(
    feature_set_id="f1-abc",
    clock_ms=1_319_000_000_000,  # 2011-10-19 04:53:20 UTC
    delta_version=7,
    interval_end_ms=None,
    parameters={"rank": 2, "weighting": "kind"},
    events=10,
    people=4,
)


ORDERS = orders_of(
    np.array([(0, 60), (2**59, 8)], dtype=np.int64),
    np.array([0, 2, 3], dtype=np.int64),
    np.array([0, 2, 2], dtype=np.int32),
    np.array([5, 1, 4], dtype=np.int32),
)


def arrays(version: str = "m1") -> ModelArrays:
    return ModelArrays(
        version=version,
        feature_set_id="f1-abc",
        items=("a", "b", "ü"),
        index={"a": 0, "b": 1, "ü": 2},
        item_factors=np.array([[1, 2], [0, 0], [-1, 0.5]], dtype=np.float32),
        neighbours=np.array([[2], [-1], [0]], dtype=np.int32),
        neighbour_scores=np.array([[0.25], [0], [0.25]], dtype=np.float32),
        popularity=np.array([3, 0, 1], dtype=np.int64),
        orders=ORDERS,
    )


def test_a_model_loads_as_it_was_written(tmp_path: Path) -> None:
    written = write_model(tmp_path / "shelf", arrays(), META, ORIGIN, {"publish": True})
    model = load_model(tmp_path / "shelf", "m1", "f1-abc")
    assert model.manifest == written == read_manifest(tmp_path / "shelf", "m1")
    assert (written.items, written.rank, written.neighbours) == (3, 2, 1)
    assert model.meta == META
    assert model.arrays.items == ("a", "b", "ü")
    assert model.arrays.index == {"a": 0, "b": 1, "ü": 2}
    for name in ("item_factors", "neighbours", "neighbour_scores", "popularity"):
        expected, found = getattr(arrays(), name), getattr(model.arrays, name)
        assert found.dtype == expected.dtype
        assert found.tolist() == expected.tolist()
        assert not found.flags.writeable
    for name in ("contexts", "starts", "items", "people", "totals"):
        expected, found = getattr(ORDERS, name), getattr(model.arrays.orders, name)
        assert found.dtype == expected.dtype
        assert found.tolist() == expected.tolist()
        assert not found.flags.writeable


def test_orders_of_an_item_that_is_none_are_refused(tmp_path: Path) -> None:
    strange = orders_of(ORDERS.contexts, ORDERS.starts, np.array([0, 2, 3], dtype=np.int32), ORDERS.people)
    with pytest.raises(ValueError, match="an ordered item is no item"):
        write_model(tmp_path, replace(arrays(), orders=strange), META, ORIGIN, {})


def test_other_orders_are_another_version(tmp_path: Path) -> None:
    assert version_of(arrays(), META, ORIGIN) != version_of(replace(arrays(), orders=no_orders()), META, ORIGIN)


def test_a_model_of_no_items_loads_too(tmp_path: Path) -> None:
    nothing = replace(
        arrays(),
        items=(),
        index={},
        item_factors=np.zeros((0, 2), dtype=np.float32),
        neighbours=np.zeros((0, 1), dtype=np.int32),
        neighbour_scores=np.zeros((0, 1), dtype=np.float32),
        popularity=np.zeros(0, dtype=np.int64),
        orders=no_orders(),
    )
    write_model(tmp_path, nothing, (), ORIGIN, {})
    assert load_model(tmp_path, "m1", "f1-abc").arrays.items == ()


@pytest.mark.parametrize(
    "name", ["items.json", "items_meta.json", "item_factors.npy", "popularity.npy", "order_items.npy"]
)
def test_one_altered_byte_in_any_file_is_found(tmp_path: Path, name: str) -> None:
    write_model(tmp_path, arrays(), META, ORIGIN, {})
    path = tmp_path / "m1" / name
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelCorrupt, match=name):
        load_model(tmp_path, "m1", "f1-abc")


@pytest.mark.parametrize("name", ["neighbours.npy", "manifest.json"])
def test_a_missing_file_is_a_corrupt_model(tmp_path: Path, name: str) -> None:
    write_model(tmp_path, arrays(), META, ORIGIN, {})
    (tmp_path / "m1" / name).unlink()
    with pytest.raises(ModelCorrupt, match=name):
        load_model(tmp_path, "m1", "f1-abc")


def test_a_manifest_that_is_none_is_a_corrupt_model(tmp_path: Path) -> None:
    write_model(tmp_path, arrays(), META, ORIGIN, {})
    for text in ("", "[]", "{}", '{"format": 9, "version": "m1"}', '{"format": 1, "version": "m1", "extra": 0}'):
        (tmp_path / "m1" / "manifest.json").write_text(text)
        with pytest.raises(ModelCorrupt, match="manifest"):
            load_model(tmp_path, "m1", "f1-abc")


def test_a_manifest_whose_counts_are_not_the_arrays_is_a_corrupt_model(tmp_path: Path) -> None:
    write_model(tmp_path, arrays(), META, ORIGIN, {})
    path = tmp_path / "m1" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"items": 4}))
    with pytest.raises(ModelCorrupt, match="manifest says otherwise"):
        load_model(tmp_path, "m1", "f1-abc")


def test_a_model_of_another_feature_set_refuses_to_load(tmp_path: Path) -> None:
    write_model(tmp_path, arrays(), META, ORIGIN, {})
    with pytest.raises(FeatureSetMismatch, match=r"f1-abc.*f2-def"):
        load_model(tmp_path, "m1", "f2-def")


def test_arrays_that_disagree_are_not_written(tmp_path: Path) -> None:
    wrong = {
        "meta": (arrays(), META[:2]),
        "popularity": (replace(arrays(), popularity=np.zeros(2, dtype=np.int64)), META),
        "neighbour is no item": (replace(arrays(), neighbours=np.full((3, 1), 3, dtype=np.int32)), META),
        "not finite": (replace(arrays(), item_factors=np.full((3, 2), np.nan, dtype=np.float32)), META),
    }
    for problem, (broken, meta) in wrong.items():
        with pytest.raises(ValueError, match=problem):
            write_model(tmp_path, broken, meta, ORIGIN, {})
    assert list_versions(tmp_path) == ()


def test_what_a_crash_left_is_not_listed_and_does_not_hinder_the_next_write(tmp_path: Path) -> None:
    half = tmp_path / ".writing-m1"
    half.mkdir()
    (half / "items.json").write_text("[")
    assert list_versions(tmp_path) == ()
    write_model(tmp_path, arrays(), META, ORIGIN, {})
    assert list_versions(tmp_path) == ("m1",)
    assert [path.name for path in tmp_path.iterdir()] == ["m1"]


def test_writing_a_version_again_replaces_its_verdict_and_repairs_its_files(tmp_path: Path) -> None:
    write_model(tmp_path, arrays(), META, ORIGIN, {"publish": False})
    (tmp_path / "m1" / "items.json").write_text("[]")
    write_model(tmp_path, arrays(), META, ORIGIN, {"publish": True})
    assert load_model(tmp_path, "m1", "f1-abc").manifest.gate == {"publish": True}


def test_versions_are_listed_newest_clock_first(tmp_path: Path) -> None:
    for version in ("m20111019T045320Z-aaaaaaaa", "m20120101T000000Z-00000000", "m20100101T000000Z-ffffffff"):
        write_model(tmp_path, arrays(version), META, ORIGIN, {})
    assert [version[1:5] for version in list_versions(tmp_path)] == ["2012", "2011", "2010"]
    assert list_versions(tmp_path / "nowhere") == ()


def test_removed_versions_are_gone_and_removing_them_again_is_fine(tmp_path: Path) -> None:
    write_model(tmp_path, arrays(), META, ORIGIN, {})
    write_model(tmp_path, arrays("m2"), META, ORIGIN, {})
    remove_versions(tmp_path, ["m1", "m0"])
    remove_versions(tmp_path, ["m1"])
    assert [path.name for path in tmp_path.iterdir()] == ["m2"]


def test_a_version_is_named_by_the_clock_and_by_everything_that_went_into_it() -> None:
    name = version_of(arrays(), META, ORIGIN)
    assert name.startswith("m20111019T045320Z-")
    assert len(name) == len("m20111019T045320Z-") + 8
    assert version_of(arrays("another name"), META, ORIGIN) == name
    assert version_of(replace(arrays(), popularity=arrays().popularity + 1), META, ORIGIN) != name
    assert version_of(arrays(), (None, *META[1:]), ORIGIN) != name
    assert version_of(arrays(), META, replace(ORIGIN, parameters={"rank": 3})) != name


def test_a_serving_process_reads_the_shelf_without_spark_and_pandas() -> None:
    program = (
        "import sys, headrace.stores.shelf; print([m for m in ('pyspark', 'pandas', 'delta') if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"
