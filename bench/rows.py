"""The rows that every benchmark prints: metric, value, spread, peer, ratio, goal. No measuring here."""

from __future__ import annotations

import json
import operator
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table

_HOLDS = {"<=": operator.le, ">=": operator.ge}


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `goal` is '<= 30' or '>= 10' in `unit`, or None; `spread` is (min, max) over the rounds."""

    metric: str
    value: float
    unit: str
    spread: tuple[float, float]
    peer: str | None = None
    peer_value: float | None = None
    goal: str | None = None

    @property
    def ratio(self) -> float | None:
        """peer / value for times, so that more is better; None without a peer."""
        return self.peer_value / self.value if self.peer_value is not None and self.value else None

    @property
    def met(self) -> bool | None:
        if self.goal is None:
            return None
        sign, bound = self.goal.split()
        return bool(_HOLDS[sign](self.value, float(bound)))


def percentile(sorted_values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed (nearest rank).

    >>> percentile([1, 2, 3, 4], 0.5), percentile([1, 2, 3, 4], 0.99)
    (2, 4)
    """
    return sorted_values[max(0, -(-int(share * 1_000_000) * len(sorted_values) // 1_000_000) - 1)]


def show(rows: Sequence[Row], as_json: bool) -> None:
    """Print the rows as a table of 80 columns, or as the JSON list that programs read."""
    if as_json:
        print(json.dumps([asdict(row) | {"ratio": row.ratio, "met": row.met} for row in rows], indent=1))
        return
    table = Table(width=80)
    for heading in ("metric", "value", "spread", "peer", "ratio", "goal", "met"):
        table.add_column(heading, justify="left" if heading in ("metric", "peer") else "right")
    for row in rows:
        peer = "" if row.peer is None else f"{row.peer} {row.peer_value:.3g}"
        ratio = "" if row.ratio is None else f"{row.ratio:.1f}×"
        met = {None: "", True: "yes", False: "NO"}[row.met]
        low, high = row.spread
        table.add_row(
            row.metric, f"{row.value:.4g} {row.unit}", f"{low:.3g}–{high:.3g}", peer, ratio, row.goal or "", met
        )
    Console(width=80).print(table)
