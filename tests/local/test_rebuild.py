"""A lost checkpoint: every writer has a remedy, and the remedy says what it does."""

import pytest

from headrace.errors import BadInput
from headrace.local.rebuild import REBUILDS, job_of
from headrace.stream.hot import HOT
from headrace.stream.queries import GROUPS


def test_every_writer_with_a_lease_can_be_forgotten_and_no_other() -> None:
    assert set(REBUILDS) == {"ingest", HOT, *(name for queries in GROUPS.values() for name in queries)}
    assert [job_of(writer) for writer in ("ingest", "hot-v3", "ledger-v1", "sessions-v2")] == [
        "ingest",
        "hot",
        "ledger",
        "features",
    ]
    with pytest.raises(BadInput, match=r"--forget live: no such writer; there are ingest, hot-v3"):
        job_of("live")
