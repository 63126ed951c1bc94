import os

from headrace.domain.request_id import RANDOM_BYTES, request_id
from headrace.stores.ports import Stores
from tests.stores.conftest import Run, a_name

MS = 1_764_500_000_000


def test_an_unknown_request_has_no_record(stores: Stores, run: Run) -> None:
    assert run(stores.decisions.get(a_name())) is None


def test_a_record_comes_back_byte_for_byte_however_often_it_is_put(stores: Stores, run: Run) -> None:
    request_id, record = a_name(), bytes(range(256))
    run(stores.decisions.put([(request_id, record), (request_id, record)]))
    run(stores.decisions.put([(request_id, record)]))
    assert run(stores.decisions.get(request_id)) == record


def test_many_records_of_few_moments_each_come_back(stores: Stores, run: Run) -> None:
    """Sixty of a second, 4 KB each and one of 100 KB: several moments, and more of each than one request takes."""
    sizes = [4_000] * 59 + [100_000]
    records = {request_id(MS + 17 * n, os.urandom(RANDOM_BYTES)): os.urandom(size) for n, size in enumerate(sizes)}
    run(stores.decisions.put(list(records.items())))
    assert {name: run(stores.decisions.get(name)) for name in records} == records


def test_ids_of_any_length_are_told_apart(stores: Stores, run: Run) -> None:
    name = a_name()
    ids = [name[:3], name[:10], name[:11], name]
    run(stores.decisions.put([(each, each.encode()) for each in ids]))
    assert [run(stores.decisions.get(each)) for each in ids] == [each.encode() for each in ids]
