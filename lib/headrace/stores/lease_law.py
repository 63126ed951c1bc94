"""When a lease may be taken: the one rule that every adapter of Leases applies. No store, no clock."""

from __future__ import annotations

from headrace.errors import CheckpointLost, LeaseHeld
from headrace.stores.ports import Lease


def refuse_lease(held: Lease, wanted: Lease, now_ms: int) -> None:
    """Raises LeaseHeld or CheckpointLost where `held` does not make room for `wanted`; the law of both adapters."""
    if held.owner != wanted.owner and held.expires_ms > now_ms:
        left_s = (held.expires_ms - now_ms) / 1000
        raise LeaseHeld(
            f"{held.writer}: {held.owner} holds the lease for another {left_s:.0f} s: leave the work to it; "
            "if it is gone, start again when the lease has expired"
        )
    if held.checkpoint_id != wanted.checkpoint_id:
        raise CheckpointLost(
            f"{held.writer}: its lease remembers checkpoint {held.checkpoint_id}, this start brings "
            f"{wanted.checkpoint_id}: bring the old folder back; or, to rebuild from the start on purpose, "
            f"`headrace up --forget {held.writer}` with this world's --world and --profile (docs/running.md: Leases)"
        )
