"""Fills events.clean as ingest does, before anything reads it. It waits for the broker's word on every record."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from bench.crowd import Crowd
from headrace.domain.clean import write_clean
from headrace.settings import Settings
from headrace.stores.kafka import Outgoing, close_producer, open_producer
from headrace.stores.kafka.producer import send_all

LINGER_MS = 20  # larger batches: nobody waits for a single record here


def fill(settings: Settings, crowd: Crowd) -> None:
    """Append the crowd's events, person by person in their order. Raises StoreUnavailable."""
    producer = open_producer(settings.kafka, linger_ms=LINGER_MS)
    try:
        send_all(producer, records(settings, crowd), 6 * settings.kafka.request_timeout_ms)
    finally:
        close_producer(producer, 10)


def records(settings: Settings, crowd: Crowd) -> Iterator[Outgoing]:
    """One record of events.clean for each event: keyed by person, with the headers that say where its raw one is."""
    topic, generation = settings.topic("events.clean"), settings.world.generation
    offsets = [count() for _ in range(settings.world.partitions)]
    for person, event in zip(crowd.person.tolist(), crowd.events(), strict=True):
        partition = person % settings.world.partitions
        src = f"{generation}:{partition}:{next(offsets[partition])}"
        headers = (("src", src.encode()), ("src_ms", str(event.received_at).encode()))
        yield Outgoing(topic, event.person.encode(), write_clean(event), headers)
