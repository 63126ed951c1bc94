"""TCP ports of this machine: free, taken and by whom, answering. It keeps no connection."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterable

import psutil


def is_free(host: str, port: int) -> bool:
    """Could a server listen there now?"""
    with socket.socket() as probe:
        # As servers do: connections of the last run in TIME_WAIT do not keep a port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def answers(host: str, port: int) -> bool:
    """Does somebody accept connections there?"""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def holder(port: int) -> str:
    """`by python (pid 123)`, or what can be said without rights to look."""
    with contextlib.suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and tuple(connection.laddr)[1:] == (port,) and connection.pid:
                return f"by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return "by another user's process"


def first_free(host: str, ports: Iterable[int]) -> int | None:
    """The first of `ports` that is free."""
    return next((port for port in ports if is_free(host, port)), None)


def free_ports(count: int) -> list[int]:
    """So many ports that nobody listens on; held together, so that they differ."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def split_address(address: str) -> tuple[str, int]:
    """("127.0.0.1", 19092) of the first address in "127.0.0.1:19092,…"."""
    host, _, port = address.split(",")[0].rpartition(":")
    return host, int(port)
