"""The live session."""

from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.events import SESSION_GAP_MS, Event
from headrace.domain.session import Session, live_session, merged
from tests.domain.small import CLOCK, event

MINUTE = 60_000


def session(*tail: Event, session_id: str | None = None) -> Session:
    return live_session(merged(tail, ()), CLOCK, "GBP", session_id)


def viewed(live: Session) -> tuple[str, ...]:
    return tuple(each.item_id for each in live.events if each.item_id is not None)


def test_a_session_has_what_ranking_reads() -> None:
    live = session(
        event("search", None, 9 * MINUTE, query="mugs"),
        event("view", "mug", 8 * MINUTE, price_minor=500, currency="GBP"),
        event("dwell", "mug", 7 * MINUTE, value_milli=20_000_000),
        event("view", "net", 6 * MINUTE, price_minor=900, currency="EUR"),
        event("watch", "net", 5 * MINUTE, value_milli=61_000_999),
        event("skip", "pan", 4 * MINUTE),
        event("hide", "bat", 3 * MINUTE),
        event("view", "mug", 2 * MINUTE, price_minor=450),
    )
    assert len(live.events) == 8
    assert live.prices == [500, 450]  # euros are left out
    assert live.dwell_ms == {"product": 20_000}
    assert live.watch_ms == {"video": 61_000}


def test_a_gap_of_exactly_thirty_minutes_does_not_split_and_one_more_millisecond_does() -> None:
    assert len(session(event("view", "mug", SESSION_GAP_MS), event("view", "pan", 0)).events) == 2
    assert len(session(event("view", "mug", SESSION_GAP_MS + 1), event("view", "pan", 0)).events) == 1


def test_a_gap_splits_an_explicit_session_too() -> None:
    old = event("view", "mug", SESSION_GAP_MS + MINUTE + 1, session_id="s")
    assert viewed(session(old, event("view", "pan", MINUTE, session_id="s"))) == ("pan",)


def test_a_session_that_ended_is_empty() -> None:
    over = session(event("view", "mug", SESSION_GAP_MS + 1))
    assert over.events == ()
    assert (over.prices, over.dwell_ms) == ([], {})


def test_the_newest_event_names_the_session_unless_the_request_does() -> None:
    tail = event("view", "mug", 2 * MINUTE, session_id="a"), event("view", "pan", MINUTE, session_id="b")
    assert viewed(session(*tail)) == ("pan",)
    assert viewed(session(*tail, session_id="a")) == ("mug",)
    assert session(*tail, session_id="c").events == ()


def test_events_without_a_session_id_are_a_session_of_their_own() -> None:
    tail = event("view", "mug", 2 * MINUTE), event("view", "pan", MINUTE, session_id="b"), event("view", "pot", 0)
    assert viewed(session(*tail)) == ("mug", "pot")


def test_a_late_event_is_outside() -> None:
    assert viewed(session(event("view", "mug", MINUTE), event("view", "pan", 0, late=True))) == ("mug",)


def test_an_event_a_little_ahead_of_the_clock_is_inside() -> None:
    assert viewed(session(event("view", "mug", -MINUTE))) == ("mug",)


def test_the_same_event_in_tail_and_context_counts_once() -> None:
    seen = event("view", "mug", MINUTE)
    assert merged((seen,), (seen, event("view", "pan", 0))) == (event("view", "pan", 0), seen)


moments = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 4_000_000)), max_size=12, unique=True)


@given(moments, st.randoms(use_true_random=False))
def test_neither_order_nor_split_nor_repetition_of_what_is_read_matters(rows, random) -> None:
    events = [event("view", "mug", ago, event_id=name) for name, ago in rows]
    shuffled = [*events, *events]
    random.shuffle(shuffled)
    cut = random.randrange(len(shuffled) + 1)
    assert merged(shuffled[:cut], shuffled[cut:]) == merged(events, ())
    assert live_session(merged(shuffled[:cut], shuffled[cut:]), CLOCK, "GBP") == live_session(
        merged(events, ()), CLOCK, "GBP"
    )
