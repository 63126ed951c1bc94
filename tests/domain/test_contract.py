"""The event contract in plain Python, judged by the corpus and by laws."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from headrace.domain.contract import FIELDS, REASONS, event_of, read_event
from headrace.domain.events import Event
from headrace.domain.strict_json import read_document, with_members
from headrace.errors import BadEvent
from tests.corpus.cases import ALLOWED_LATENESS_MS, BASE, RECORD_MS, Case, load_cases

CASES = load_cases()
SCHEMA = json.loads((Path(__file__).parents[2] / "conf" / "event-v1.schema.json").read_text())
# JSON Schema knows no record timestamp, and 1.0 is an integer to it.
BEYOND_SCHEMA = {case.name for case in CASES if case.reason == "future"} | {
    "position 1.0 is no integer",
    "position 1e0 is no integer",
    "position 0.0 is no integer",
}


def read(raw: bytes, trusted: bool = False) -> Event:
    return read_event(raw, RECORD_MS, trust_received_at=trusted, allowed_lateness_ms=ALLOWED_LATENESS_MS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_case_of_the_corpus_is_judged_as_it_says(case: Case) -> None:
    if case.event is not None:
        assert read(case.raw, case.trusted) == case.event
        return
    with pytest.raises(BadEvent) as refused:
        read(case.raw, case.trusted)
    assert refused.value.reason == case.reason
    assert case.detail is None or refused.value.detail.partition("; is ")[0] == case.detail


def test_the_corpus_has_every_reason() -> None:
    assert {case.reason for case in CASES} - {None} == set(REASONS)


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.reason not in {"too_large", "not_utf8", "not_json"}], ids=lambda case: case.name
)
def test_the_json_schema_says_the_same(case: Case) -> None:
    is_valid = Draft202012Validator(SCHEMA).is_valid(json.loads(case.raw))
    assert is_valid == (case.event is not None or case.name in BEYOND_SCHEMA)


def test_the_json_schema_names_the_same_fields() -> None:
    within_place = {f"place.{name}" for name in SCHEMA["properties"]["place"]["properties"]}
    assert set(SCHEMA["properties"]) | within_place == {field.name for field in FIELDS}


def test_a_fault_names_the_field_and_shows_the_value() -> None:
    with pytest.raises(BadEvent, match=r'value: must be a number; is "3"'):
        read((BASE + ',"value":"3"}').encode())


def test_a_document_that_was_read_before_is_judged_alike() -> None:
    raw = (BASE + ',"colour":"red"}').encode()
    event = event_of(
        read_document(raw), raw, RECORD_MS, trust_received_at=False, allowed_lateness_ms=ALLOWED_LATENESS_MS
    )
    assert event == read(raw)


def test_members_are_set_and_every_other_byte_is_kept() -> None:
    text = ' {"n": 1.10 ,"a" : null, "big":12345678901234567890123, "a\\u0062":[1 , {"a":2}]} '
    changed = with_members(text, {"a": "ü", "received_at": 5})
    assert changed == '{"n": 1.10,"big":12345678901234567890123,"a\\u0062":[1 , {"a":2}],"a":"ü","received_at":5}'


@given(st.dictionaries(st.text(max_size=3), st.none() | st.integers() | st.text(max_size=3) | st.lists(st.booleans())))
def test_setting_members_is_setting_keys(document: dict[str, object]) -> None:
    changed = with_members(json.dumps(document), {"a": 1, "b": "x"})
    assert json.loads(changed) == document | {"a": 1, "b": "x"}


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_an_event_or_refused_with_a_reason(raw: bytes) -> None:
    with pytest.raises(BadEvent) as refused:
        read(raw)
    assert refused.value.reason in REASONS


def test_an_event_takes_a_fraction_of_a_millisecond() -> None:
    raw = next(case.raw for case in CASES if case.name == "every field")
    started = time.process_time()
    for _ in range(500):
        read(raw)
    assert (time.process_time() - started) / 500 < 0.001  # 25 µs where it was written
