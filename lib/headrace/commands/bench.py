"""`headrace bench`: run one of the project's benchmarks. What each measures, its own file in bench/ says."""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated

import typer

from headrace.errors import BadInput
from headrace.program import ROOT

BENCH = ROOT / "bench"
WHICH = "fresh, stream, serve, answer, catalogue, trends, tables or faults: see bench/"


def command(
    name: Annotated[str, typer.Argument(help=WHICH)],
    options: Annotated[list[str] | None, typer.Argument(help="The benchmark's own, --help among them.")] = None,
) -> None:
    """Measure, print a table (with --json a list), and leave the machine as it was: `headrace bench serve --json`."""
    known = sorted(path.stem for path in BENCH.glob("*.py") if "typer.run(main)" in path.read_text(encoding="utf-8"))
    if name not in known:
        raise BadInput(f"bench {name}: no such benchmark; there are {', '.join(known) or 'none (no bench/ folder)'}")
    own = options or []
    own = own[1:] if own[:1] == ["--"] else own  # as whoever knows npm or cargo writes it
    done = subprocess.run((sys.executable, "-m", f"bench.{name}", *own), cwd=ROOT, check=False)
    raise typer.Exit(done.returncode)
