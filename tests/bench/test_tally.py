"""What the fault bench has found stays found: a bench that was ended goes on where it stopped."""

from __future__ import annotations

from pathlib import Path

from bench.tally import OURS, TUTORIAL, Outcome, lines, note, read_outcomes
from bench.verdict import Verdict

FOUND = [
    Outcome("hot.after_write", 0, OURS, Verdict(), 2.0),
    Outcome("hot.after_write", 0, TUTORIAL, Verdict(twice=9), 1.0),
    Outcome("hot.after_write", 1, OURS, Verdict(lost=1), 6.0),
]


def test_what_was_noted_is_read_again(tmp_path: Path) -> None:
    results = tmp_path / "deep" / "faults.jsonl"
    assert read_outcomes(results) == []
    note(results, FOUND[:2])
    note(results, FOUND[2:])
    assert read_outcomes(results) == FOUND


def test_a_line_that_a_kill_cut_off_is_a_run_that_is_still_to_come(tmp_path: Path) -> None:
    results = tmp_path / "faults.jsonl"
    note(results, FOUND)
    results.write_bytes(results.read_bytes()[:-10])
    assert read_outcomes(results) == FOUND[:2]
    note(results, FOUND[2:])
    assert read_outcomes(results) == FOUND


def test_a_line_of_the_table_adds_up_its_seeds_and_keeps_the_peer_apart() -> None:
    (line,) = lines(FOUND)
    assert (line.seeds, line.ours, line.recover_s) == (2, Verdict(lost=1), (4.0, 6.0))
    assert (line.peer_seeds, line.peer) == (1, Verdict(twice=9))


def test_a_fault_that_could_not_be_made_has_a_reason_and_no_seeds() -> None:
    (line,) = lines([Outcome("disk.full", 0, OURS, Verdict(), 0.0, "skipped: no tmpfs", skipped=True)])
    assert (line.seeds, line.recover_s, line.says) == (0, None, "skipped: no tmpfs")
