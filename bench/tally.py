"""The results of the fault bench: a line of JSON per run, appended as it ends, and the table over all of them.

A run whose line is there is not run again, so a bench that was ended goes on where it stopped.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.verdict import Verdict

OURS: Final = "ours"
TUTORIAL: Final = "tutorial"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One side's run of one fault with one seed. `recover_s`: from the next start until all is drained.

    `says`: why it was skipped, or what refused to start and the way out that was taken; else empty.
    """

    fault: str
    seed: int
    side: str
    verdict: Verdict
    recover_s: float
    says: str = ""
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One fault over all its seeds; `recover_s` is the median and the worst, of ours."""

    fault: str
    seeds: int
    ours: Verdict
    recover_s: tuple[float, float] | None
    peer_seeds: int
    peer: Verdict | None
    says: str

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def read_outcomes(results: Path) -> list[Outcome]:
    """What earlier runs found; a last line that was cut off by the end of its bench is left out."""
    if not results.exists():
        return []
    outcomes = []
    for line in results.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.endswith("\n"):
            fields = json.loads(line)
            outcomes.append(Outcome(**fields | {"verdict": Verdict(**fields["verdict"])}))
    return outcomes


def note(results: Path, outcomes: Iterable[Outcome]) -> None:
    """Append what a run found, on disk before the next begins."""
    results.parent.mkdir(parents=True, exist_ok=True)
    if results.exists():  # without a last line that its bench did not live to end
        kept = results.read_bytes()
        results.write_bytes(kept[: kept.rfind(b"\n") + 1])
    with results.open("a", encoding="utf-8") as file:
        for outcome in outcomes:
            file.write(json.dumps(asdict(outcome)) + "\n")


def lines(outcomes: Sequence[Outcome]) -> list[Line]:
    """One line per fault, in the order in which they were first run."""
    return [_line(fault, [each for each in outcomes if each.fault == fault]) for fault in _faults(outcomes)]


def show(table: Sequence[Line], as_json: bool) -> None:
    """fault × seeds × wrong × lost × twice × seconds to recover, the tutorial way's beside ours."""
    if as_json:
        print(json.dumps([line.as_json() for line in table], indent=1))
        return
    page = Table(width=100)
    for heading in (
        "fault",
        "seeds",
        "wrong",
        "lost",
        "twice",
        "recover s",
        "tutorial",
        "wrong",
        "lost",
        "twice",
    ):
        page.add_column(heading, justify="left" if heading == "fault" else "right", no_wrap=heading == "fault")
    for line in table:
        recover = "" if line.recover_s is None else "{:.1f} ≤ {:.1f}".format(*line.recover_s)
        peer = line.peer
        theirs = ("—",) * 4 if peer is None else (str(line.peer_seeds), *map(str, (peer.wrong, peer.lost, peer.twice)))
        ours = (str(line.ours.wrong), str(line.ours.lost), str(line.ours.twice)) if line.seeds else ("—",) * 3
        page.add_row(line.fault, str(line.seeds), *ours, recover, *theirs)
    Console(width=100).print(page)
    for line in table:
        if line.says:
            print(f"{line.fault}: {line.says}")


def _faults(outcomes: Sequence[Outcome]) -> list[str]:
    return list(dict.fromkeys(each.fault for each in outcomes))


def _line(fault: str, outcomes: Sequence[Outcome]) -> Line:
    ran = [each for each in outcomes if not each.skipped]
    ours = [each for each in ran if each.side == OURS]
    theirs = [each for each in ran if each.side == TUTORIAL]
    seconds = [each.recover_s for each in ours]
    return Line(
        fault,
        seeds=len(ours),
        ours=sum((each.verdict for each in ours), Verdict()),
        recover_s=(statistics.median(seconds), max(seconds)) if seconds else None,
        peer_seeds=len(theirs),
        peer=sum((each.verdict for each in theirs), Verdict()) if theirs else None,
        says=next((each.says for each in reversed(outcomes) if each.says), ""),
    )
