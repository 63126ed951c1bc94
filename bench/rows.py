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
        table.add_column(heading, justify="left" if heading in ("metric", "peer") else "right", overflow="fold")
    for row in rows:
        peer = "" if row.peer is None or row.peer_value is None else f"{row.peer} {_short(row.peer_value)}"
        ratio = "" if row.ratio is None else f"{row.ratio:.1f}×"
        met = {None: "", True: "yes", False: "NO"}[row.met]
        low, high = row.spread
        table.add_row(
            row.metric,
            f"{_short(row.value, 4)} {row.unit}",
            f"{_short(low)}–{_short(high)}",
            peer,
            ratio,
            row.goal or "",
            met,
        )
    Console(width=80).print(table)


def _short(value: float, digits: int = 3) -> str:
    """`digits` of it, and whole numbers from a thousand on.

    >>> _short(0.0312), _short(412.7, 4), _short(12_345.6)
    ('0.0312', '412.7', '12,346')
    """
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.{digits}g}"
