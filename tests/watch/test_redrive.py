from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from headrace.errors import BadInput, StoreUnavailable
from headrace.settings import Settings, World
from headrace.stores.kafka import Outgoing
from headrace.stores.ports import Appended
from headrace.watch import redrive as module
from headrace.watch.redrive import NO_TIME, TOO_LARGE, chosen, redrive, rehearse
from headrace.watch.redriven import ensure_table, note, redriven
from headrace.watch.rejected import Choice, open_rejected
from tests.watch.rejected_table import NOON, Row, append, settings_of

NOW = NOON + 3_600_000


def view(event_id: str, occurred_at: int, **more: object) -> bytes:
    event = {"event_id": event_id, "kind": "view", "user_id": "ü", "item_id": "i", "occurred_at": occurred_at}
    return json.dumps(event | more).encode()


@dataclass
class Broker:
    """Takes `takes` calls and then no more; gives each record of partition 1 the next offset from 40 on."""

    takes: int = 99
    got: list[Outgoing] = field(default_factory=list)

    def send(self, records: Sequence[Outgoing]) -> list[Appended]:
        self.takes -= 1
        if self.takes < 0:
            raise StoreUnavailable("Kafka: not acknowledged")
        self.got.extend(records)
        end = 40 + len(self.got)
        return [Appended(1, offset, NOW + 5) for offset in range(end - len(records), end)]


def run(settings: Settings, broker: Broker, choice: Choice) -> module.Outcome:
    ensure_table(settings)
    rejected = open_rejected(settings)
    rows, _ = chosen(rejected, choice, redriven(settings))

    def noted(sent: Mapping[str, tuple[str, int]]) -> None:
        note(settings, sent)

    return redrive(rejected, rows, settings.world, "main.events.raw", NOW, broker.send, noted, lambda _: None)


def test_the_exact_bytes_go_to_the_topic_oldest_first_and_what_they_became_is_noted_down(tmp_path: Path) -> None:
    settings, broker = settings_of(tmp_path), Broker()
    fixed = view("a", NOW - 1_000)
    append(settings, [Row(7, NOON + 1, raw=b"\xff{"), Row(3, NOON, raw=fixed), Row(9, NOON, "not_utf8", b"\xfe")])
    outcome = run(settings, broker, Choice(reason="not_json"))
    assert broker.got == [
        Outgoing("main.events.raw", "u:ü".encode(), fixed, (("redrive_of", b"1:0:3"),)),
        Outgoing("main.events.raw", None, b"\xff{", (("redrive_of", b"1:0:7"),)),
    ]
    assert (outcome.sent, outcome.verdicts, outcome.kept_back) == (2, {"event": 1, "not_utf8": 1}, {})
    assert redriven(settings) == {"1:0:3": "1:1:40", "1:0:7": "1:1:41"}


def test_what_was_sent_again_before_is_left_alone_until_it_is_asked_for_again(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    append(settings, [Row(3, NOON), Row(4, NOON + 1)])
    run(settings, Broker(), Choice(srcs=("1:0:3",)))
    rejected, both = open_rejected(settings), Choice(reason="not_json")
    rows, already = chosen(rejected, both, redriven(settings))
    assert (rows["src"].to_pylist(), already) == (["1:0:4"], 1)
    rows, already = chosen(rejected, both, {})
    assert (rows["src"].to_pylist(), already) == (["1:0:3", "1:0:4"], 0)


def test_an_event_that_happened_longer_ago_than_is_allowed_is_late_by_the_law_whenever_it_was_rejected(
    tmp_path: Path,
) -> None:
    settings = settings_of(tmp_path)
    just, over = view("a", NOW - 600_000), view("b", NOW - 600_001)
    append(settings, [Row(0, NOON, raw=just), Row(1, NOON, raw=over)])
    assert run(settings, Broker(), Choice(reason="not_json")).verdicts == {"event": 1, "late": 1}


def test_where_received_at_is_believed_what_the_bytes_say_of_it_decides(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, World(trust_received_at=True))
    append(settings, [Row(0, NOON, raw=view("a", 1_700_000_001_000, received_at=1_700_000_002_000))])
    assert run(settings, Broker(), Choice(reason="not_json")).verdicts == {"event": 1}


def test_in_a_world_whose_time_is_its_stream_an_event_without_received_at_is_kept_back(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, World(clock="stream", trust_received_at=True))
    timed = view("a", 1_700_000_001_000, received_at=1_700_000_002_000)
    append(settings, [Row(0, NOON, raw=view("b", 1_700_000_001_000)), Row(1, NOON, raw=timed), Row(2, NOON, raw=b"{")])
    broker = Broker()
    outcome = run(settings, broker, Choice(reason="not_json"))
    assert [record.value for record in broker.got] == [timed, b"{"]  # what is no event moves no clock
    assert (outcome.kept_back, redriven(settings).keys()) == ({NO_TIME: 1}, {"1:0:1", "1:0:2"})


def test_records_without_bytes_are_refused_with_the_reason(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    append(settings, [Row(0, NOON, "no_consent", b""), Row(1, NOON)])
    rejected = open_rejected(settings)
    with pytest.raises(BadInput, match="--reason no_consent: the bytes of these were not kept"):
        chosen(rejected, Choice(reason="no_consent"), {})
    with pytest.raises(BadInput, match="--src 1:0:0: no_consent: its bytes were not kept"):
        chosen(rejected, Choice(srcs=("1:0:1", "1:0:0")), {})


def test_a_src_that_is_not_there_is_named(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    append(settings, [Row(1, NOON)])
    with pytest.raises(BadInput, match=r"--src 1:0:5: no such rejected record$"):
        chosen(open_rejected(settings), Choice(srcs=("1:0:5",)), {})
    with pytest.raises(BadInput, match=r"--src 1:0:1: no such rejected record among these$"):
        chosen(open_rejected(settings), Choice(reason="future", srcs=("1:0:1",)), {})


def test_a_record_that_nearly_fills_the_topics_limit_goes_without_key_and_header_and_a_larger_one_stays(
    tmp_path: Path,
) -> None:
    settings, broker = settings_of(tmp_path), Broker()
    sizes = (1_047_552, 1_047_553, 1_048_504, 1_048_505)  # the limit of 1,048,576 less 1,024, and less 72
    append(settings, [Row(n, NOON, "too_large", bytes([n]) * size) for n, size in enumerate(sizes)])
    outcome = run(settings, broker, Choice(reason="too_large"))
    assert [(len(record.value or b""), len(record.headers)) for record in broker.got] == [
        (1_047_552, 1), (1_047_553, 0), (1_048_504, 0),
    ]  # fmt: skip
    assert (outcome.verdicts, outcome.kept_back) == ({"too_large": 3}, {TOO_LARGE: 1})


def test_when_the_broker_fails_half_way_what_was_acknowledged_is_noted_and_the_rest_goes_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SLICE", 2)
    settings = settings_of(tmp_path)
    append(settings, [Row(n, NOON + n) for n in range(5)])
    with pytest.raises(StoreUnavailable, match=r"2 of 5 records were sent again; the same command goes on"):
        run(settings, Broker(takes=1), Choice(reason="not_json"))
    assert redriven(settings).keys() == {"1:0:0", "1:0:1"}
    broker = Broker()
    assert run(settings, broker, Choice(reason="not_json")).sent == 3
    assert redriven(settings).keys() == {f"1:0:{n}" for n in range(5)}


def test_a_rehearsal_judges_everything_and_notes_nothing(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    append(settings, [Row(0, NOON, raw=view("a", NOW)), Row(1, NOON)])
    rejected = open_rejected(settings)
    rows, _ = chosen(rejected, Choice(reason="not_json"), {})
    moved: list[int] = []
    outcome = rehearse(rejected, rows, settings.world, NOW, moved.append)
    assert (outcome.sent, outcome.verdicts, moved) == (2, {"event": 1, "not_json": 1}, [2])
    assert redriven(settings) == {}
