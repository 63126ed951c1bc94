from headrace.stores.ports import Stores
from tests.stores.conftest import Run, a_name


def test_an_unknown_request_has_no_record(stores: Stores, run: Run) -> None:
    assert run(stores.decisions.get(a_name())) is None


def test_a_record_comes_back_byte_for_byte_however_often_it_is_put(stores: Stores, run: Run) -> None:
    request_id, record = a_name(), bytes(range(256))
    run(stores.decisions.put([(request_id, record), (request_id, record)]))
    run(stores.decisions.put([(request_id, record)]))
    assert run(stores.decisions.get(request_id)) == record
