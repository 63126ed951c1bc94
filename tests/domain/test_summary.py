"""What a session adds up to, by hand; and the live session against a plain split of the same events."""

from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.events import KINDS, SESSION_GAP_MS, Event
from headrace.domain.session import live_session, merged
from headrace.domain.summary import LISTED_ACTS, Summary, summary_of
from tests.domain.small import CLOCK, event

MINUTE = 60_000


def summary(*events: Event) -> Summary:
    return summary_of("s", events, "GBP")


def test_a_summary_adds_up_what_the_events_say() -> None:
    told = summary(
        event("impression", "bat", 10 * MINUTE, price_minor=4_000),
        event("search", None, 9 * MINUTE, query="mugs"),
        event("view", "mug", 8 * MINUTE, price_minor=500, currency="GBP"),
        event("dwell", "mug", 7 * MINUTE, value_milli=20_000_000),
        event("view", "net", 6 * MINUTE, price_minor=900, currency="EUR"),
        event("watch", "net", 5 * MINUTE, value_milli=61_000_999),
        event("cart", "mug", 4 * MINUTE, price_minor=450, value_milli=2_000),
        event("skip", "pan", 3 * MINUTE),
        event("hide", "bat", 2 * MINUTE),
        event("purchase", "mug", 1 * MINUTE, price_minor=700, value_milli=2_000),
    )
    assert (told.started_ms, told.ended_ms) == (CLOCK - 10 * MINUTE, CLOCK - MINUTE)
    assert (told.length_ms, told.n_events, told.more) == (9 * MINUTE, 10, False)
    assert (told.entry_kind, told.entry_item, told.entry_category) == ("search", "mug", "kitchen")
    assert (told.price_first, told.price_last, told.price_up, told.price_down) == (500, 700, 250, 50)
    assert (told.viewed, told.carted, told.bought) == (("mug", "net"), ("mug",), ("mug",))
    assert (told.skipped, told.unwanted) == (("pan",), ("bat",))
    assert told.categories == {"unknown": 1, "kitchen": 5, "sport": 3}
    assert (told.dwell_by_type, told.watch_by_type) == ({"product": 20_000}, {"video": 61_000})
    assert (told.cart_after_ms, told.purchase_after_ms) == (6 * MINUTE, 9 * MINUTE)
    seen = {name: total for name, total in told.totals.items() if total}
    assert seen == {
        **dict.fromkeys(("n_impression", "n_search", "n_dwell", "n_watch", "n_cart", "n_skip", "n_hide"), 1),
        "n_purchase": 1,
        "n_view": 2,
        "dwell_ms": 20_000,
        "watch_ms": 61_000,
        "quantity_milli": 4_000,
        "price_n": 4,
        "price_sum": 5_650,
        "price_min": 450,
        "price_max": 4_000,
    }


def test_nothing_adds_up_to_nothing() -> None:
    told = summary()
    assert (told.started_ms, told.ended_ms, told.length_ms, told.n_events) == (None, None, 0, 0)
    assert (told.entry_kind, told.price_first, told.price_up, told.viewed, told.categories) == (None, None, 0, (), {})
    assert (told.cart_after_ms, told.totals["price_min"], told.totals["n_view"]) == (None, None, 0)


def test_what_was_only_shown_is_counted_and_is_no_entry() -> None:
    told = summary(event("impression", "mug", 2, price_minor=500), event("impression", "pan", 1))
    assert (told.n_events, told.totals["n_impression"], told.totals["price_min"]) == (2, 2, 500)
    assert (told.entry_kind, told.entry_item, told.price_first, told.categories) == (None, None, None, {})


def test_a_negative_time_is_none_and_an_unknown_type_has_its_own() -> None:
    told = summary(
        event("dwell", "odd", 3, value_milli=-5_000),
        event("dwell", "odd", 2, value_milli=7_999),
        event("dwell", "odd", 1),
        event("watch", "net", 0, value_milli=-1),
    )
    assert (told.dwell_by_type, told.watch_by_type) == ({"unknown": 7}, {"video": 0})


def test_beyond_so_many_acts_names_and_order_are_of_the_first_and_sums_are_of_all() -> None:
    acts = [event("view", f"i{n:03}", 1_000 - n, category=f"c{n:03}", price_minor=n) for n in range(LISTED_ACTS + 1)]
    full, over = summary(*acts[:-1]), summary(*acts, event("cart", "mug", 0))
    assert (full.more, over.more) == (False, True)
    assert over.viewed == full.viewed == tuple(f"i{n:03}" for n in range(LISTED_ACTS))
    assert (len(over.categories), over.carted, over.price_last) == (LISTED_ACTS, (), LISTED_ACTS - 1)
    assert (over.n_events, over.totals["n_view"], over.totals["n_cart"]) == (LISTED_ACTS + 2, LISTED_ACTS + 1, 1)
    assert over.cart_after_ms == 1_000


acts = st.builds(
    event,
    st.sampled_from(KINDS),
    st.sampled_from([None, "mug", "pan", "net", "odd"]),
    st.integers(0, 6 * SESSION_GAP_MS),
    event_id=st.sampled_from("abcdefgh"),
    session_id=st.sampled_from([None, "s"]),
    price_minor=st.sampled_from([None, 0, 450, 500]),
    value_milli=st.sampled_from([None, -1, 2_500]),
)


@given(st.lists(acts, max_size=30), st.randoms(use_true_random=False))
def test_order_does_not_matter_and_the_price_ends_where_its_moves_lead(events, random) -> None:
    once = merged(events, ())
    told = summary(*once)
    shuffled = list(once)
    random.shuffle(shuffled)
    assert summary(*shuffled) == told
    if told.price_first is not None:
        assert told.price_first + told.price_up - told.price_down == told.price_last


@given(st.lists(acts, min_size=1, max_size=30))
def test_the_live_session_is_the_last_of_a_plain_split_at_every_moment(events) -> None:
    newest_first = merged(events, ())
    for at, newest in enumerate(newest_first):
        seen = newest_first[at:]
        run = [newest]
        for one in seen[1:]:
            if one.session_id == newest.session_id and run[-1].occurred_at - one.occurred_at <= SESSION_GAP_MS:
                run.append(one)
            elif one.session_id == newest.session_id:
                break
        clock = newest.occurred_at + SESSION_GAP_MS
        assert live_session(seen, clock, "GBP").events == tuple(reversed(run))
        assert live_session(seen, clock + 1, "GBP", newest.session_id).events == ()
