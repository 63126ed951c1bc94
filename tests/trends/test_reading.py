"""Until when everything was read."""

from headrace.trends.reading import Reading

ONE, TWO = ("w.events.clean", 0), ("w.events.clean", 1)


def test_at_the_end_of_every_partition_it_is_now() -> None:
    reading = Reading({ONE: 3, TWO: 0})
    assert reading.until({ONE: 3, TWO: 0}, 1_000) == 1_000
    assert reading.lag({ONE: 3, TWO: 0}) == 0


def test_a_partition_that_lags_holds_the_moment_where_it_is() -> None:
    reading = Reading({ONE: 0, TWO: 0})
    reading.read(ONE, 0, 400)
    assert reading.until({ONE: 5, TWO: 0}, 1_000) == 400
    assert reading.lag({ONE: 5, TWO: 0}) == 4


def test_of_a_partition_that_was_never_read_nothing_is_known() -> None:
    assert Reading({ONE: 0, TWO: 0}).until({ONE: 5, TWO: 0}, 1_000) is None


def test_one_new_record_after_an_hour_of_silence_does_not_set_the_moment_back() -> None:
    reading = Reading({ONE: 0})
    reading.read(ONE, 0, 400)
    assert reading.until({ONE: 1}, 3_600_000) == 3_600_000
    assert reading.until({ONE: 2}, 3_605_000) == 3_600_000


def test_in_a_world_of_the_stream_now_is_the_newest_event_and_nothing_before_the_first() -> None:
    reading = Reading({ONE: 0})
    assert reading.until({ONE: 0}, reading.newest_ms()) is None
    reading.read(ONE, 0, 700)
    reading.read(ONE, 1, 500)
    reading.read(ONE, 2, None)  # no event
    assert (reading.offsets, reading.newest_ms()) == ({ONE: 3}, 700)
    assert reading.until({ONE: 3}, reading.newest_ms()) == 700
