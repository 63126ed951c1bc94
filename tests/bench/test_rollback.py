"""A stopped query is put back to just before, or just after, its newest batch's commit; nothing else is touched."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from bench.rollback import undo_newest_batch

from headrace.settings import Paths, Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A query with batches 8, 9 and 10, which made versions 1, 2 and 3 of its table."""
    settings = Settings(paths=Paths(var=tmp_path))
    checkpoint, log = Path(settings.checkpoint("ledger-v1")), Path(settings.table("events")) / "_delta_log"
    for folder in (checkpoint / "offsets", checkpoint / "commits", log):
        folder.mkdir(parents=True)
    (checkpoint / "metadata").write_text('{"id":"q"}')
    for version, batch in enumerate((8, 9, 10), start=1):
        for name in (str(batch), f".{batch}.crc"):
            (checkpoint / "offsets" / name).touch()
            (checkpoint / "commits" / name).touch()
        actions = [{"commitInfo": {}}, {"txn": {"appId": "q", "version": batch}}]
        (log / f"{version:020}.json").write_text("\n".join(map(json.dumps, actions)))
        (log / f"{version:020}.crc").touch()
    (log / "_last_checkpoint").touch()
    return settings


def names(folder: str | Path) -> set[str]:
    return {file.name for file in Path(folder).iterdir()}


def test_just_after_its_commit_only_sparks_note_of_it_is_missing(settings: Settings) -> None:
    undo_newest_batch(MagicMock(), settings, "ledger-v1", "events", sink_too=False)
    assert names(Path(settings.checkpoint("ledger-v1"), "commits")) == {"8", ".8.crc", "9", ".9.crc"}
    assert "10" in names(Path(settings.checkpoint("ledger-v1"), "offsets"))
    assert f"{3:020}.json" in names(Path(settings.table("events"), "_delta_log"))


def test_just_before_it_the_version_is_missing_too(settings: Settings) -> None:
    undo_newest_batch(MagicMock(), settings, "ledger-v1", "events", sink_too=True)
    kept = {f"{version:020}.{kind}" for version in (1, 2) for kind in ("json", "crc")}
    assert names(Path(settings.table("events"), "_delta_log")) == kept


def test_a_version_of_another_batch_stays(settings: Settings) -> None:
    for name in ("10", ".10.crc"):
        Path(settings.checkpoint("ledger-v1"), "commits", name).unlink()
    with pytest.raises(AssertionError, match="its batch 9 did not make version 3 of events"):
        undo_newest_batch(MagicMock(), settings, "ledger-v1", "events", sink_too=True)
