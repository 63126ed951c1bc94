from headrace.domain.panes import HOUR_MS
from headrace.stores.ports import Stores
from tests.stores.conftest import Run, a_name


def test_a_partition_never_counted_has_no_hours(stores: Stores, run: Run) -> None:
    assert run(stores.counts.of(a_name())) == {}


def test_hours_are_replaced_by_the_greatest_write_us(stores: Stores, run: Run) -> None:
    partition, other = f"1:{a_name()}", f"1:{a_name()}"
    run(stores.counts.put([(partition, HOUR_MS, 7), (partition, 0, 2), (other, 0, 5)], write_us=2))
    run(stores.counts.put([(partition, HOUR_MS, 3)], write_us=1))
    run(stores.counts.put([(partition, 0, 4)], write_us=3))
    assert run(stores.counts.of(partition)) == {0: 4, HOUR_MS: 7}
