"""How long a ledger batch takes after thousands of commits, against its first ones; beside stock Delta and Spark.

Each side is a driver of its own with a table of its own (bench/appends.py): ours with conf/spark-defaults.conf, the
table's properties and the upkeep of dags/maintain_tables.py; the peer with no setting of ours and no upkeep.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from bench.appends import RESULT
from bench.rows import Row, show
from bench.stock import STOCK_SPARK
from headrace.errors import PartFailed
from headrace.local.submit import submission
from headrace.program import ROOT, conf_dir, run
from headrace.settings import load_settings

PATIENCE_S = 600  # a side that takes longer is on a machine with too much else to do to be measured


def main(
    commits: Annotated[int, typer.Option(min=1, max=100_000, help="of the table when it is measured again")] = 5_000,
    measured: Annotated[int, typer.Option(min=5, max=1_000, help="batches of each stretch")] = 100,
    warm_up: Annotated[int, typer.Option(min=4, max=1_000, help="batches of a new driver before they are timed")] = 80,
    stock: Annotated[bool, typer.Option(help="measure the peer too")] = True,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    commits = max(commits, 2 * (warm_up + measured))
    sizes = ("--commits", str(commits), "--measured", str(measured), "--warm-up", str(warm_up))
    with tempfile.TemporaryDirectory() as folder:
        ours = _side(Path(folder) / "ours", conf_dir(), *sizes)
        peer = _side(Path(folder) / "stock", _stock_conf(Path(folder) / "conf"), *sizes, "--stock") if stock else None
    show(_rows(ours, peer, commits), as_json)


def _side(var: Path, conf: Path, *flags: str) -> dict[str, list[int]]:
    """Batch times of the first and of the last stretch, in ms. Raises PartFailed, with what the driver said last."""
    settings = load_settings(conf_dir())
    settings = settings.model_copy(update={"paths": settings.paths.model_copy(update={"var": var})})
    arguments = ["--var", str(var), *flags]
    planned = submission(settings, ROOT / "bench" / "appends.py", arguments, os.environ, conf)
    try:
        done = subprocess.run(
            planned.command, env=planned.environ, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise PartFailed(f"no result after {PATIENCE_S} s: try fewer, --measured 20") from error
    results = [line.removeprefix(RESULT) for line in done.stdout.splitlines() if line.startswith(RESULT)]
    if not results:
        raise PartFailed(f"bench/appends.py ended with {done.returncode}: {done.stderr.strip().splitlines()[-1:]}")
    found: dict[str, list[int]] = json.loads(results[0])
    return found


def _rows(ours: dict[str, list[int]], peer: dict[str, list[int]] | None, commits: int) -> list[Row]:
    def row(metric: str, stretch: str) -> Row:
        value = statistics.median(ours[stretch])
        spread = (min(ours[stretch]), max(ours[stretch]))
        if peer is None:
            return Row(metric, value, "ms", spread)
        return Row(metric, value, "ms", spread, "stock Delta", statistics.median(peer[stretch]))

    count = len(ours["first"])
    growth, peer_growth = _growth(ours), None if peer is None else _growth(peer)
    return [
        row(f"ledger batch p50, first {count} when warm", "first"),
        row(f"ledger batch p50, last {count} of {commits} commits", "last"),
        Row(
            "last / first",
            growth,
            "×",
            (growth, growth),
            None if peer is None else "stock Delta",
            peer_growth,
            "<= 1.3",
        ),
    ]


def _growth(side: dict[str, list[int]]) -> float:
    return statistics.median(side["last"]) / statistics.median(side["first"])


def _stock_conf(folder: Path) -> Path:
    """Our settings, but for what Spark and Delta are told."""
    shutil.copytree(conf_dir(), folder)
    (folder / "spark-defaults.conf").write_text(STOCK_SPARK, encoding="utf-8")
    (folder / "spark-local.conf").write_text("", encoding="utf-8")
    return folder


if __name__ == "__main__":
    run(lambda: typer.run(main))
