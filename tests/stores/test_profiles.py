from headrace.domain.profile import pack
from headrace.stores.ports import ProfileRow, Stores
from tests.stores.conftest import Run, a_name


def test_a_user_of_whom_nothing_was_said_has_no_profile(stores: Stores, run: Run) -> None:
    assert run(stores.profiles.get(a_name())) is None


def test_the_greatest_write_timestamp_wins_whatever_the_order(stores: Stores, run: Run) -> None:
    user_id = a_name()
    run(stores.profiles.put([ProfileRow(user_id, b"newer", 2_000)]))
    run(stores.profiles.put([ProfileRow(user_id, b"zzz, but older", 1_000)]))
    assert run(stores.profiles.get(user_id)) == b"newer"


def test_of_two_records_of_one_millisecond_the_later_one_stands(stores: Stores, run: Run) -> None:
    user_id = a_name()
    earlier, later = pack(255, b'{"region":"z"}'), pack(256, None)
    run(stores.profiles.put([ProfileRow(user_id, later, 1_000)]))
    run(stores.profiles.put([ProfileRow(user_id, earlier, 1_000)]))
    assert run(stores.profiles.get(user_id)) == later


def test_many_users_are_written_at_once_and_again_without_change(stores: Stores, run: Run) -> None:
    rows = [ProfileRow(f"{a_name()}-{number}", pack(number, b"{}"), 1) for number in range(300)]
    for _ in range(2):
        run(stores.profiles.put(rows))
    assert [run(stores.profiles.get(row.user_id)) for row in rows] == [row.packed for row in rows]
