from headrace.live.batch import Taken, read_batch
from headrace.stores.kafka import Record
from headrace.stores.ports import ProfileRow
from tests.live.inlets import CLEAN, DECISIONS, TOPICS, USERS, clean_record, decision_record, user_record
from tests.stores.events import view


def test_records_are_sorted_by_topic_and_keep_their_order() -> None:
    first, second = view("u:1", "a", 7, received_at=9), view("u:1", "b", 5)
    batch = read_batch(
        Taken(seen=(), new=(clean_record(first, 3), decision_record("r1", b"x", 11), clean_record(second, 4))), TOPICS
    )
    assert batch.events == [first, second]
    assert batch.decisions == [("r1", b"x")]
    assert batch.offsets == {(CLEAN, 0): 5, (DECISIONS, 0): 12}
    assert batch.newest_received_ms == 9
    assert batch.unreadable == []


def test_what_was_seen_is_neither_new_nor_committed() -> None:
    seen = view("u:1", "a", 7)
    batch = read_batch(Taken(seen=(clean_record(seen, 3), decision_record("r1", b"x", 1)), new=()), TOPICS)
    assert (batch.seen, batch.events, batch.decisions, batch.offsets) == ([seen], [], [], {})
    assert batch.newest_received_ms == 7


def test_an_unreadable_record_is_named_and_passed_over() -> None:
    bad = Record(CLEAN, 1, 8, 0, None, b"{", ())
    empty = Record(CLEAN, 1, 9, 0, None, None, ())
    batch = read_batch(Taken(seen=(), new=(bad, empty, decision_record("r1", None, 2))), TOPICS)
    assert (batch.events, batch.decisions) == ([], [])
    assert batch.offsets == {(CLEAN, 1): 10, (DECISIONS, 0): 3}
    assert sorted(what.split(": ")[0] for what in batch.unreadable) == [
        f"{DECISIONS}:0:2",
        f"{CLEAN}:1:8",
        f"{CLEAN}:1:9",
    ]


def test_of_several_records_of_a_user_the_last_one_is_written_with_its_own_time() -> None:
    first, other, last = (
        user_record("ann", b'{"country":"GB"}', 6, timestamp_ms=5),
        user_record("bob", b"{}", 7, timestamp_ms=5),
        user_record("ann", None, 8, timestamp_ms=9),
    )
    batch = read_batch(Taken(seen=(), new=(first, other, last)), TOPICS)
    assert batch.profiles == [
        ProfileRow("ann", (8).to_bytes(8, "big"), 9_000),
        ProfileRow("bob", (7).to_bytes(8, "big") + b"{}", 5_000),
    ]
    assert batch.offsets == {(USERS, 0): 9}


def test_what_is_no_record_of_a_user_is_named_and_passed_over() -> None:
    nameless = Record(USERS, 0, 3, 0, None, b"{}", ())
    records = (nameless, user_record("x" * 129, b"{}", 4), user_record("ann", b"[]", 5), user_record("ann", b"", 6))
    odd = Record(USERS, 0, 7, 0, b"\xff", b"{}", ())
    batch = read_batch(Taken(seen=(), new=(*records, odd)), TOPICS)
    assert batch.profiles == []
    assert [what.split(": ")[0] for what in batch.unreadable] == [f"{USERS}:0:{offset}" for offset in range(3, 8)]
    assert batch.offsets == {(USERS, 0): 8}


def test_nothing_polled_is_nothing_to_do() -> None:
    batch = read_batch(Taken((), ()), TOPICS)
    assert (batch.events, batch.offsets, batch.newest_received_ms) == ([], {}, None)
