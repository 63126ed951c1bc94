"""Whole trainings on a small ledger: what is published, what is refused, and what a failure on the way leaves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from headrace.domain.candidates import unpack
from headrace.domain.catalogue import ItemMeta
from headrace.domain.events import Person
from headrace.domain.model import SOURCES, BatchCandidates
from headrace.errors import BadInput, ModelCorrupt, StoreUnavailable
from headrace.failpoints import Failpoint, FaultInjected, arm
from headrace.learn.als import AlsSettings
from headrace.learn.fit import FitSettings
from headrace.learn.gate import Verdict
from headrace.learn.train import train
from headrace.learn.wanted import History, Publication
from headrace.stores.manifest import Manifest
from headrace.stores.ports import Pointer
from headrace.stores.shelf import list_versions, load_model
from tests.learn.ledger import T0, Row, append
from tests.learn.on_disk import OnDisk

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.spark, pytest.mark.usefixtures("lineage")]

SMALL = FitSettings(AlsSettings(rank=2, iterations=2, regularisation=0.1, alpha=1.0, seed=1, blocks=2), "kind", 3)
TWO_TASTES = [
    Row(f"u:{n}", item, days=day)
    for n in range(6)
    for day, item in enumerate(("mug", "pan", "pot") if n % 2 else ("bat", "net"))
]


class Place:
    """One world's folders, and trainings in it."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark = spark
        self.ledger = folder / "events"
        self.shelf = folder / "shelf"
        self.verdicts: list[tuple[str, Verdict]] = []
        self.stores = OnDisk(folder / "stores")
        self.stores.folder.mkdir()
        self.folder = folder

    def train(
        self,
        stores: OnDisk | None = None,
        version: int | None = None,
        interval_end_ms: int | None = None,
        settings: FitSettings = SMALL,
    ) -> Manifest:
        wanted = History(str(self.ledger), str(self.folder / "catalogue"), "GBP", version, None, interval_end_ms, None)
        publication = Publication(self.shelf, "f1-test", 10, 2, 0.05, force=False)
        manifest, _ = train(
            self.spark,
            wanted,
            settings,
            publication,
            stores or self.stores,
            record=lambda name, _, verdict: self.verdicts.append((name, verdict)),
            say=lambda _: None,
        )
        return manifest

    def pointer(self) -> Pointer | None:
        return self.stores(lambda stores: stores.pointers.get())

    def row(self, person: str, manifest: Manifest) -> BatchCandidates:
        packed = self.stores(lambda stores: stores.candidates.get(Person(person), manifest.version))
        assert packed is not None
        return unpack(packed)

    def candidates(self, person: str, manifest: Manifest) -> dict[str, list[str]]:
        """source → item ids, in stored order."""
        items = load_model(self.shelf, manifest.version, "f1-test").arrays.items
        row = self.row(person, manifest)
        found: dict[str, list[str]] = {}
        for item, source in zip(row.items.tolist(), row.sources.tolist(), strict=True):
            found.setdefault(SOURCES[source], []).append(items[item])
        return found


@pytest.fixture
def place(spark: SparkSession, tmp_path: Path) -> Place:
    return Place(spark, tmp_path)


def test_everyone_gets_candidates_and_the_pointer_moves_last(place: Place) -> None:
    append(place.ledger, [*TWO_TASTES, Row("u:looker", "mug", kind="impression", days=2), Row("s:1", None, "search")])
    change = [("tub", '{"item_id":"tub","title":"A tub"}', 0)]
    columns = "item_id string, value string, catalogue_offset long"
    place.spark.createDataFrame(change, columns).write.format("delta").save(str(place.folder / "catalogue"))
    manifest = place.train()
    pointer = place.pointer()
    assert pointer is not None
    assert (pointer.version, pointer.previous) == (manifest.version, None)
    assert (manifest.items, manifest.origin.people, manifest.origin.events) == (6, 8, 17)
    assert manifest.origin.clock_ms == T0 + 2 * 86_400_000 + 1_000  # the newest received_at
    model = load_model(place.shelf, manifest.version, "f1-test")
    assert model.arrays.items == ("bat", "mug", "net", "pan", "pot", "tub")
    assert model.arrays.popularity.tolist() == [3, 3, 3, 3, 3, 0]
    assert model.meta == (None,) * 5 + (ItemMeta(title="A tub"),)
    own = place.candidates("u:1", manifest)
    assert sorted(own["own_history"]) == ["mug", "pan", "pot"]
    assert set(own["als"]) == {"bat", "net"}
    assert "item_to_item" not in own  # whoever likes a mug likes what u:1 has already
    # Neither of these said anything positive: all five items tie at three people, so the smaller index is first.
    for nobody in ("u:looker", "s:1"):
        assert place.candidates(nobody, manifest) == {"popularity": ["bat", "mug", "net", "pan", "pot"]}
    assert place.verdicts[0][1].reason == "insufficient, published: 0 people to judge by, 50 are needed"


def test_everyones_taste_is_written_beside_their_candidates_as_of_the_training(place: Place) -> None:
    append(
        place.ledger,
        [
            *TWO_TASTES,
            Row("u:cook", "mug", "purchase", days=0, category="kitchen"),
            Row("u:cook", "bat", "hide", days=20.5, category="sport"),
            Row("u:cook", "pan", "pause", days=21, value_milli=30_000_000, category="kitchen"),
            Row("u:looker", "mug", "impression", days=21),
        ],
    )
    manifest = place.train()
    taste = place.row("u:cook", manifest).taste
    assert taste is not None
    assert manifest.origin.clock_ms == T0 + 21 * 86_400_000 + 1_000
    assert (taste.as_of_ms, taste.last_ms) == (manifest.origin.clock_ms, T0 + 21 * 86_400_000)
    # T0 is at 22:13 UTC: day 20.5 is the morning of day 21. The purchase 5/2, the pause 30/(30 + 10), the hide -3.
    by_category = dict(zip(taste.categories, taste.category_strength.tolist(), strict=True))
    assert by_category == {"kitchen": 2.5 + 0.75, "sport": -3.0}
    items = load_model(place.shelf, manifest.version, "f1-test").arrays.items
    by_item = {items[at]: said for at, said in zip(taste.items.tolist(), taste.item_strength.tolist(), strict=True)}
    assert by_item == {"mug": 2.5, "pan": 0.75, "bat": -3.0}
    nobody = place.row("u:looker", manifest).taste
    assert nobody is not None
    assert (nobody.categories, nobody.items.tolist(), nobody.last_ms) == ((), [], 0)


def test_a_second_training_on_the_same_version_is_the_same_model(place: Place) -> None:
    append(place.ledger, TWO_TASTES)
    first = place.train()
    append(place.ledger, [Row("u:9", "new", days=9)], first_offset=100)
    again = place.train(version=0)
    assert again == first
    assert list_versions(place.shelf) == (first.version,)
    newest = place.train()
    assert (newest.version == first.version, newest.items) == (False, 6)


def test_a_lost_row_leaves_the_served_model_served(place: Place) -> None:
    append(place.ledger, TWO_TASTES)
    first = place.train()
    append(place.ledger, [Row("u:9", "mug", days=9)], first_offset=100)
    with pytest.raises(ModelCorrupt, match="candidates of 1 of 7 people read back otherwise"):
        place.train(stores=replace(place.stores, lose="u:3"))
    pointer = place.pointer()
    assert pointer is not None
    assert pointer.version == first.version
    assert list_versions(place.shelf) == (first.version,)


def test_a_store_that_is_away_is_named_as_such_and_nothing_is_published(place: Place) -> None:
    append(place.ledger, TWO_TASTES)
    with pytest.raises(StoreUnavailable, match="candidates could not be written; not served"):
        place.train(stores=replace(place.stores, fail=True))
    assert place.pointer() is None
    assert list_versions(place.shelf) == ()


def test_a_training_that_dies_while_it_publishes_leaves_the_old_model_or_the_new_one_whole(place: Place) -> None:
    append(place.ledger, TWO_TASTES)
    first = place.train()
    append(place.ledger, [Row("u:late", "mug", days=4)])
    for point, flipped in (("publish.candidates", False), ("publish.shelved", False), ("publish.flipped", True)):
        arm(Failpoint(point))
        try:
            with pytest.raises(FaultInjected, match=point):
                place.train()
        finally:
            arm(None)
        pointer = place.pointer()
        assert pointer is not None
        assert (pointer.version != first.version) is flipped
        served = load_model(place.shelf, pointer.version, "f1-test").manifest
        assert place.candidates("u:1", served)["own_history"]
    assert place.train().version == pointer.version


def test_one_person_and_one_item_are_enough(place: Place) -> None:
    append(place.ledger, [Row("u:only", "thing")])
    manifest = place.train()
    assert place.candidates("u:only", manifest) == {"own_history": ["thing"]}


def test_nobody_with_a_positive_event_still_gives_a_model(place: Place) -> None:
    append(place.ledger, [Row("u:a", "x", kind="impression"), Row("u:b", "y", kind="hide")])
    manifest = place.train()
    model = load_model(place.shelf, manifest.version, "f1-test").arrays
    assert model.items == ("x", "y")
    assert not np.any(model.item_factors)
    assert place.candidates("u:a", manifest) == {}


def test_an_empty_interval_is_nothing_to_train_on(place: Place) -> None:
    append(place.ledger, TWO_TASTES)
    with pytest.raises(BadInput, match=f"nothing to train on: version 0 .* has no event received before {T0} ms"):
        place.train(interval_end_ms=T0)


def test_running_an_interval_again_replaces_its_model_and_keeps_the_step_back(place: Place) -> None:
    append(place.ledger, [Row("u:a", "x"), Row("u:a", "y", days=1), Row("u:a", "z", days=3)])
    first, second, third = (
        place.train(interval_end_ms=T0 + 2 * 86_400_000, settings=replace(SMALL, neighbours_per_item=k))
        for k in (3, 2, 1)
    )
    assert first.items == 2  # z was received after the interval
    # Served is the third; a rollback would serve the second, so that stays although it is of the same interval.
    assert set(list_versions(place.shelf)) == {second.version, third.version}
    pointer = place.pointer()
    assert pointer is not None
    assert (pointer.version, pointer.previous) == (third.version, second.version)


def test_a_model_below_popularity_is_shelved_with_its_verdict_and_not_served(place: Place) -> None:
    # Sixty people buy twelve things of their own in the first days; in the end all buy the one thing that two hundred
    # strangers had made popular. Own history leads in serving's score, so every list is wrong and popularity is right.
    early = [Row(f"u:{n:02}", f"own{n % 12:02}-{k}", days=k / 4) for n in range(60) for k in range(12)]
    hit = [Row(f"s:{n}", "hit", days=3.5) for n in range(200)]
    late = [Row(f"u:{n:02}", "hit", days=30) for n in range(60)]
    append(place.ledger, [*early, *hit, *late])
    manifest = place.train()
    assert place.pointer() is None
    assert manifest.gate["publish"] is False
    assert str(manifest.gate["reason"]).startswith("below popularity: nDCG@10 0.")
    ((version, verdict),) = place.verdicts
    assert version == manifest.version
    assert verdict.evaluation is not None
    # "hit" is the most popular item of all and everyone's only relevant one: nDCG 1 for popularity.
    assert (verdict.evaluation.judged, verdict.evaluation.popularity.ndcg) == (60, 1.0)
