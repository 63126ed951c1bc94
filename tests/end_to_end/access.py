"""How the end-to-end ring reaches a running stack: HTTP, Kafka, Delta, Cassandra, commands. It judges nothing."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from deltalake import DeltaTable

from headrace.settings import Settings
from headrace.stores.cassandra import open_stores
from headrace.stores.kafka import Outgoing, close_producer, open_producer, send_all
from headrace.stores.ports import Stores
from tests.conftest import headrace, stack_environ
from tests.end_to_end.story import Sent

PATIENT_MS = 5_000  # this is no request path, and the machine is busy


def api_of(settings: Settings) -> str:
    return f"http://{settings.serve.host}:{settings.serve.port}"


def send(settings: Settings, records: list[Sent]) -> None:
    """By HTTP in one NDJSON body, by Kafka as they are; each record in its own way, both acknowledged on return."""
    lines = b"\n".join(record.raw for record in records if record.by_http)
    answer = httpx.post(
        f"{api_of(settings)}/v1/events", content=lines, headers={"content-type": "application/x-ndjson"}, timeout=30
    )
    assert answer.status_code == 202, answer.text
    producer = open_producer(settings.kafka)
    outgoing = [Outgoing(settings.topic("events.raw"), r.key, r.raw) for r in records if not r.by_http]
    send_all(producer, outgoing, 30_000)
    close_producer(producer, 10)


def accounted(var: Path) -> bool:
    done = subprocess.run(
        headrace("account", "--json"), env=stack_environ(var), capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode == 0 and bool(json.loads(done.stdout)["drained"])


def parts_of(var: Path) -> list[dict[str, Any]]:
    """The servers and the jobs of world main, as `headrace status` sees them; dead ones may be among them."""
    command = headrace("status", "--json", "--world", "main")
    done = subprocess.run(command, env=stack_environ(var), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in (0, 1), done.stderr
    parts: list[dict[str, Any]] = json.loads(done.stdout)["parts"]
    return parts


def pid_of(var: Path, part: str) -> int:
    (found,) = [p["pid"] for p in parts_of(var) if p["name"] == part]
    return int(found)


def rows_of(settings: Settings, table: str, columns: list[str]) -> list[dict[str, Any]]:
    """Read without a JVM, by another implementation of Delta."""
    rows: list[dict[str, Any]] = DeltaTable(settings.table(table)).to_pyarrow_table(columns=columns).to_pylist()
    return rows


def column(settings: Settings, table: str, name: str) -> set[Any]:
    return {row[name] for row in rows_of(settings, table, [name])}


def ledger_rows(settings: Settings) -> int:
    return len(rows_of(settings, "events", ["src"]))


def with_stores(settings: Settings, read: Callable[[Stores], Any]) -> Any:
    patient = settings.cassandra.model_copy(update={"read_timeout_ms": PATIENT_MS})

    async def session() -> Any:
        stores = await open_stores(patient, settings.keyspace)
        try:
            return await read(stores)
        finally:
            await stores.close()

    return asyncio.run(session())


def wait_for(what: str, holds: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"after {seconds} s there was still no sign of {what}"
        time.sleep(0.5)
