"""Whether any broker takes a connection; asked before kafka-python is. No protocol."""

from __future__ import annotations

import socket
import time

from headrace.errors import StoreUnavailable
from headrace.settings import Kafka


def reach(kafka: Kafka, within_ms: int) -> None:
    """Return once a bootstrap address accepts a connection; raises StoreUnavailable when none did in time.

    kafka-python leaves sockets and a thread behind when its constructor fails, so a retry in a loop would pile them up.
    """
    deadline = time.monotonic() + within_ms / 1000
    addresses = [address.rpartition(":") for address in kafka.bootstrap.split(",")]
    while True:
        for host, _, port in addresses:
            left_s = max(0.01, deadline - time.monotonic())
            try:
                socket.create_connection((host, int(port)), timeout=min(1.0, left_s)).close()
                return
            except OSError as error:
                refused = error
        if time.monotonic() > deadline:
            raise StoreUnavailable(f"Kafka at {kafka.bootstrap}: {refused}") from refused
        time.sleep(0.05)
