"""Poison through the ingest job as it runs: real Kafka, Real-Time Mode. Nothing stops it, loops it or gets lost in it.

What each record must become is the corpus's word, and for seeded garbage that of domain/contract.py.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from kafka import KafkaProducer
from kafka.errors import MessageSizeTooLargeError

from headrace.domain.clean import read_clean
from headrace.domain.contract import read_event
from headrace.domain.events import Event
from headrace.errors import BadEvent
from headrace.settings import Settings
from headrace.stores.kafka.topics import MIB
from tests.conftest import run_headrace
from tests.corpus.cases import load_cases
from tests.stream.test_ingest import Ingest, Record, now_ms, read_by_src, send, view
from tests.watch.rejected_table import Row, append

pytestmark = pytest.mark.stack

LARGEST = MIB - 72  # of a record without key and headers: what its batch leaves of the broker's limit
GARBAGE = 2_000
SEED = 20_101


@dataclass(frozen=True, slots=True)
class Poison:
    """A raw record and the reason for which it must be rejected; None: it is an event."""

    raw: bytes | None
    reason: str | None
    key: bytes | None = b"k"
    headers: tuple[tuple[str, bytes], ...] = ()


@pytest.fixture(scope="module")
def world(new_world: Callable[[str], Settings]) -> Settings:
    return new_world("poisoned")


@pytest.fixture(scope="module")
def ingest(world: Settings, var: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ingest]:
    """One job for the whole module: it must survive every test of it."""
    job = Ingest(world, var, tmp_path_factory.mktemp("poisoned") / "ingest.log")
    try:
        job.wait_until_ready(world)
        yield job
        assert job.process.poll() is None, job.log.read_text()
    finally:
        if job.process.poll() is None:
            job.kill()


def poison(happened: int) -> list[Poison]:
    """Every kind that has a name, at the law's limits and at the broker's."""
    corpus = [Poison(case.raw, case.reason) for case in load_cases() if not case.trusted and case.reason != "future"]
    good = view(0, happened)
    sized = [
        Poison(filling * (size // len(filling)), reason, key=None)
        for size, reason in ((65_536, "not_json"), (LARGEST, "too_large"))
        for filling in (b"[", b'{"a":', b'"', b"\\", b"9", b"[{", b'"\\u0061"', b"\x00", b" ", b"\xef\xbb\xbf")
    ]
    return [
        *corpus,
        *sized,
        Poison(b"\xff" * 65_536, "not_utf8"),
        Poison(b"\xff" * LARGEST, "too_large", key=None),
        Poison(b"", "not_json"),
        Poison(None, "not_json"),
        Poison(b"{", "not_json", key=None),
        Poison(b"{", "not_json", key=b""),
        Poison(b"{", "not_json", key=b"\xff\x00" * 50_000),
        Poison(view(0, happened + 3_600_000), "future"),
        Poison(good, None, key=None),
        Poison(good, None, key=b"\xff" * 1_000),
        Poison(good, None, headers=(("src", b"9:9:9"), ("reason", b"forged"), ("src_ms", b"-1"), ("\U0001f600", b""))),
        Poison(b"}", "not_json", headers=tuple((f"h{n}", b"x" * 1_000) for n in range(500))),
        Poison(b"}", "not_json", headers=(("src", b"9:9:9"), ("reason", b"forged"))),
    ]


def among_good(poisons: Sequence[Poison], happened: int) -> list[Poison]:
    """A good event, each with an id of its own, after every tenth."""
    mixed: list[Poison] = []
    for n, each in enumerate(poisons):
        mixed.append(each)
        if n % 10 == 9:
            mixed.append(Poison(view(1_000 + n, happened), None))
    return mixed


def sent(world: Settings, records: Sequence[Poison]) -> dict[str, Poison]:
    """Append them to events.raw; each under its src."""
    producer = KafkaProducer(bootstrap_servers=world.kafka.bootstrap, acks="all", max_request_size=2 * MIB)
    try:
        futures = [
            producer.send(world.topic("events.raw"), key=each.key, value=each.raw, headers=list(each.headers))
            for each in records
        ]
        places = [future.get(timeout=60) for future in futures]
    finally:
        producer.close()
    return {f"1:{place.partition}:{place.offset}": each for place, each in zip(places, records, strict=True)}


def outcomes(world: Settings, srcs: dict[str, Poison]) -> tuple[dict[str, Record], dict[str, Record]]:
    """What came out of them on events.clean and on events.rejected, when all of it has; each exactly once."""
    events = {src for src, each in srcs.items() if each.reason is None}
    clean = read_by_src(world, "events.clean", events)
    rejected = read_by_src(world, "events.rejected", srcs.keys() - events)
    assert srcs.keys() & clean.keys() == events
    assert srcs.keys() & rejected.keys() == srcs.keys() - events
    assert {len(found[src]) for found in (clean, rejected) for src in found.keys() & srcs.keys()} == {1}
    return {src: clean[src][0] for src in events}, {src: rejected[src][0] for src in srcs.keys() - events}


def judged(world: Settings, raw: bytes, record_ms: int) -> Event:
    lateness = world.world.allowed_lateness_ms
    return read_event(raw, record_ms, trust_received_at=False, allowed_lateness_ms=lateness)


def test_every_kind_of_poison_is_rejected_with_its_bytes_and_reason_and_the_good_around_it_counts(
    world: Settings, ingest: Ingest
) -> None:
    happened = now_ms()
    srcs = sent(world, among_good(poison(happened), happened))
    assert len(srcs) > 250
    clean, rejected = outcomes(world, srcs)
    for src, record in rejected.items():
        each, shown = srcs[src], (srcs[src].raw or b"")[:80]
        assert record.headers["reason"] == each.reason, shown
        assert record.value == (b"" if each.reason == "no_consent" else each.raw or b""), shown
        assert record.key == src.encode()
        assert happened <= int(record.headers["src_ms"]) <= now_ms()
    for src, record in clean.items():
        received = int(record.headers["src_ms"])
        assert read_clean(record.value) == judged(world, srcs[src].raw or b"", received)


def garbage(count: int, seed: int) -> list[bytes]:
    """Random bytes, half of them of the characters that JSON is made of: 1 MB for 2,000."""
    rng = random.Random(seed)
    made: list[bytes] = []
    for n in range(count):
        size = rng.randrange(1_000)
        made.append(rng.randbytes(size) if n % 2 else bytes(rng.choices(b'{}[]",:\\ue0123456789.-+ \n', k=size)))
    return made


def test_a_topic_of_garbage_ends_whole_in_the_rejected_and_the_query_goes_on(world: Settings, ingest: Ingest) -> None:
    happened = now_ms()
    reasons: list[Poison] = []
    for raw in garbage(GARBAGE, SEED):
        with pytest.raises(BadEvent) as refused:
            judged(world, raw, happened)
        reasons.append(Poison(raw, refused.value.reason, key=None))
    srcs = sent(world, among_good(reasons, happened))
    clean, rejected = outcomes(world, srcs)
    assert len(clean) == GARBAGE // 10
    assert {src: (record.value, record.headers["reason"]) for src, record in rejected.items()} == {
        src: (each.raw, each.reason) for src, each in srcs.items() if each.reason is not None
    }
    (after,) = send(world, [(b"k", view(2, now_ms()))])
    assert read_by_src(world, "events.clean", {after})[after][0].headers["src"] == after


def test_no_compressed_record_is_taken_that_is_larger_than_the_limit_when_it_is_read(
    world: Settings, ingest: Ingest
) -> None:
    """Ingest could not send 5 MiB on, and would die of it again at each start."""
    with pytest.raises(MessageSizeTooLargeError):
        sent_compressed(world, b" " * (5 * MIB))
    src = sent_compressed(world, b" " * (MIB // 2))
    assert read_by_src(world, "events.rejected", {src})[src][0].value == b" " * (MIB // 2)


def sent_compressed(world: Settings, raw: bytes) -> str:
    """Append it as a producer does that compresses; its src."""
    producer = KafkaProducer(
        bootstrap_servers=world.kafka.bootstrap, acks="all", max_request_size=8 * MIB, compression_type="gzip"
    )
    try:
        place = producer.send(world.topic("events.raw"), value=raw).get(timeout=30)
    finally:
        producer.close()
    return f"1:{place.partition}:{place.offset}"


def test_rejected_records_that_are_sent_again_are_judged_anew_as_raw_records_of_their_own(
    world: Settings, ingest: Ingest, var: Path
) -> None:
    soon = now_ms() + 308_000  # rejected until it is less than five minutes ahead: no law has to be changed for it
    early, bad, full = view(3, soon), b"\xff\xfe{", b"\xff" * LARGEST
    first, *others = sent(
        world, [Poison(early, "future"), Poison(bad, "not_utf8"), Poison(full, "too_large", key=None)]
    )
    found = read_by_src(world, "events.rejected", {first, *others})
    kept = [found[src][0] for src in (first, *others)]
    assert [record.headers["reason"] for record in kept] == ["future", "not_utf8", "too_large"]
    append(world, [Row.of(record.value, record.headers) for record in kept])  # as the archive query does
    while now_ms() < soon - 300_000:
        time.sleep(0.2)
    for reason in ("future", "not_utf8", "too_large"):
        run_headrace(var, "rejected", "redrive", "--world", "poisoned", "--reason", reason)
    listed = json.loads(run_headrace(var, "rejected", "--world", "poisoned", "--json"))
    became = {each["src"]: each["sent_again_as"] for each in listed["newest"]}
    assert became.keys() == {first, *others}
    event = read_by_src(world, "events.clean", {became[first]})[became[first]][0]
    assert read_clean(event.value).event_id == "e3"
    again = read_by_src(world, "events.rejected", {became[src] for src in others})
    assert [(again[became[src]][0].value, again[became[src]][0].headers["reason"]) for src in others] == [
        (bad, "not_utf8"),
        (full, "too_large"),
    ]
