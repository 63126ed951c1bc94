from headrace.stores.ports import Published, Stores
from tests.stores.conftest import Run


def test_before_the_first_publication_there_are_no_trends(empty_stores: Stores, run: Run) -> None:
    assert run(empty_stores.trends.published()) is None
    assert run(empty_stores.trends.lists()) is None


def test_the_greatest_write_us_is_published_whole(empty_stores: Stores, run: Run) -> None:
    trends, newest = empty_stores.trends, Published("t-2", 2_000)
    run(trends.publish(Published("t-1", 1_000), b"first", 10))
    run(trends.publish(newest, b"second", 30))
    run(trends.publish(Published("t-3", 3_000), b"stray", 20))
    assert run(trends.published()) == newest
    assert run(trends.lists()) == (newest, b"second")
