"""What a training's log says, read back."""

from pathlib import Path

import pytest

from headrace.local.training import gate_words


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("  59.4 s  gate: forced: below popularity\n  61.0 s  published\n", "forced: below popularity"),
        ("gate: first try\n  5 s  gate: first measured model: nDCG@10 0.1\n", "first measured model: nDCG@10 0.1"),
        ("  23.1 s  ledger version 3\n", ""),
    ],
)
def test_the_newest_words_of_the_gate_are_found(tmp_path: Path, log: str, said: str) -> None:
    (tmp_path / "train.log").write_text(log)
    assert gate_words(tmp_path / "train.log") == said
