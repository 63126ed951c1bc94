"""What an operator reads where a lease refuses."""

import pytest

from headrace.errors import CheckpointLost
from headrace.stores.lease_law import refuse_lease
from headrace.stores.ports import Lease


def test_a_lost_checkpoint_names_the_command_that_rebuilds() -> None:
    held, wanted = (Lease("hot-v2", "here", checkpoint, expires_ms=1_000) for checkpoint in ("c1", "c2"))
    with pytest.raises(CheckpointLost, match=r"^hot-v2: .* c1, .* c2: .*`headrace up --forget hot-v2`"):
        refuse_lease(held, wanted, now_ms=0)
