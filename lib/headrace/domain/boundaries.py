"""Whether finished sessions can be sessions at all, by their boundaries; faults are counted. No events, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headrace.domain.events import SESSION_GAP_MS

ABSURD_MS: Final = 24 * 3_600_000
"""Nobody acts for a day with no half hour's pause: a bot, or a session id that many share."""


@dataclass(frozen=True, slots=True)
class Boundaries:
    """How many `sessions` there are, and how many of them are at fault; one can be at fault in several ways.

    overlapping  begin while an earlier one of their key goes on, or so soon after it that they are one session
    gapped       have an idle gap inside, as far as their length and number of events can tell
    absurd       are longer than ABSURD_MS: no fault of the law, but of whoever sent them
    """

    sessions: int
    overlapping: int
    gapped: int
    absurd: int


def check_boundaries(
    key: NDArray[np.int64], started_ms: NDArray[np.int64], ended_ms: NDArray[np.int64], n_events: NDArray[np.int64]
) -> Boundaries:
    """Check n sessions in any order; `key`: the same integer for the same (person, session_id).

    An overlap of any two sessions of a key is one of two that follow each other by their start.
    """
    order = np.lexsort((ended_ms, started_ms, key))
    key, started_ms, ended_ms, n_events = key[order], started_ms[order], ended_ms[order], n_events[order]
    length_ms = ended_ms - started_ms
    after_ms = started_ms[1:] - ended_ms[:-1]
    return Boundaries(
        sessions=len(key),
        overlapping=int(np.count_nonzero((key[1:] == key[:-1]) & (after_ms <= SESSION_GAP_MS))),
        # n events leave n - 1 gaps: were none above idle, the session would be no longer than they are together.
        gapped=int(np.count_nonzero((length_ms > (n_events - 1) * SESSION_GAP_MS) | (length_ms < 0))),
        absurd=int(np.count_nonzero(length_ms > ABSURD_MS)),
    )
