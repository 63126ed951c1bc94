"""Reads the boundaries of the finished sessions out of Delta, without a JVM, and what is to be said of them."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError
from numpy.typing import NDArray

from headrace.domain.boundaries import Boundaries, check_boundaries

COLUMNS: Final = ("person", "session_id", "started_ms", "ended_ms", "n_events")


def read_boundaries(path: str) -> Boundaries:
    """Check every session of the Delta table there; of a table that does not exist yet, none."""
    try:
        sessions = pa.table(DeltaTable(path).to_pyarrow_table(columns=list(COLUMNS)))
    except TableNotFoundError:
        return Boundaries(sessions=0, overlapping=0, gapped=0, absurd=0)
    person, session_id = (_codes(sessions[name]) for name in ("person", "session_id"))
    started_ms, ended_ms, n_events = (sessions[name].to_numpy() for name in COLUMNS[2:])
    return check_boundaries(person * (session_id.max(initial=0) + 1) + session_id, started_ms, ended_ms, n_events)


def faults_of(found: Boundaries) -> tuple[str, ...]:
    """What the law of sessions rules out; a session of absurd length it does not."""
    faults = {
        "begin before an earlier one of the same person and id is over": found.overlapping,
        "have a pause inside that should have split them": found.gapped,
    }
    return tuple(f"{count} of {found.sessions} sessions {what}" for what, count in faults.items() if count)


def _codes(names: pa.ChunkedArray) -> NDArray[np.int64]:
    """The same integer for the same name."""
    return np.asarray(pc.dictionary_encode(names).combine_chunks().indices, dtype=np.int64)
