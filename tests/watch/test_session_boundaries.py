from __future__ import annotations

import pyarrow as pa
from deltalake import write_deltalake

from headrace.domain.boundaries import Boundaries
from headrace.watch.session_boundaries import COLUMNS, faults_of, read_boundaries

MINUTE = 60_000


def test_no_table_has_no_sessions(tmp_path):
    assert read_boundaries(str(tmp_path)) == Boundaries(sessions=0, overlapping=0, gapped=0, absurd=0)


def test_an_empty_table_has_none_either(tmp_path):
    kinds = [("person", pa.string()), ("session_id", pa.string()), *((name, pa.int64()) for name in COLUMNS[2:])]
    write_deltalake(str(tmp_path), pa.schema(kinds).empty_table())
    assert read_boundaries(str(tmp_path)).sessions == 0


def test_a_key_is_a_person_and_an_id_and_every_fault_is_counted(tmp_path):
    rows = [
        ("u:1", "a", 0, 5 * MINUTE, 3),
        ("u:1", "b", 0, 5 * MINUTE, 3),
        ("u:2", "a", 0, 5 * MINUTE, 3),
        ("u:2", "a", 6 * MINUTE, 7 * MINUTE, 2),
        ("u:3", "", 0, 31 * MINUTE, 2),
        ("u:4", "", 0, 1_441 * MINUTE, 9_000),
    ]
    write_deltalake(str(tmp_path), pa.Table.from_pylist([dict(zip(COLUMNS, row, strict=True)) for row in rows]))
    found = read_boundaries(str(tmp_path))
    assert found == Boundaries(sessions=6, overlapping=1, gapped=1, absurd=1)
    assert faults_of(found) == (
        "1 of 6 sessions begin before an earlier one of the same person and id is over",
        "1 of 6 sessions have a pause inside that should have split them",
    )


def test_absurd_length_alone_is_no_fault():
    assert faults_of(Boundaries(sessions=6, overlapping=0, gapped=0, absurd=2)) == ()
