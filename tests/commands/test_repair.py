"""`headrace parity` and `headrace backfill` hand their flags to their jobs, and the jobs' exit codes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
import typer

from headrace.commands import backfill, parity
from headrace.local.checkout import ROOT


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The commands that were run; each ended with exit code 2."""
    programs: list[tuple[str, ...]] = []

    def shown(program: Sequence[str], _environ: Mapping[str, str]) -> int:
        programs.append(tuple(program))
        return 2

    monkeypatch.setattr(parity, "shown", shown)
    return programs


def test_a_backfill_is_its_job_with_the_hours_and_the_world(submitted: list[tuple[str, ...]]) -> None:
    with pytest.raises(typer.Exit) as left:
        backfill.command("2026-03-05T10:00Z", "2026-03-05T12:00Z", world="retail", dry_run=True)
    assert left.value.exit_code == 2
    ((start, job, *flags),) = submitted
    assert (start, job) == (str(ROOT / "spark-submit.sh"), str(ROOT / "jobs/backfill.py"))
    assert flags[:2] == ["--world", "retail"]
    assert flags[-5:] == ["--from", "2026-03-05T10:00Z", "--to", "2026-03-05T12:00Z", "--dry-run"]


def test_parity_without_moments_leaves_them_to_its_job(submitted: list[tuple[str, ...]]) -> None:
    with pytest.raises(typer.Exit):
        parity.command()
    with pytest.raises(typer.Exit):
        parity.command(to="2026-03-05")
    assert [("--from" in program, program[-2:] == ("--to", "2026-03-05")) for program in submitted] == [
        (False, False),
        (False, True),
    ]
    assert submitted[0][1] == str(ROOT / "jobs/parity.py")
