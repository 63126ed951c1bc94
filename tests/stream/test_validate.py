"""The contract in Spark columns gives the verdict of the one in Python, on the corpus and on whatever is generated."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from headrace.domain.clean import read_clean
from headrace.domain.contract import FIELDS, Type, read_event
from headrace.domain.events import KINDS, Event
from headrace.errors import BadEvent
from headrace.stream.validate import with_verdict
from tests.corpus.cases import ALLOWED_LATENESS_MS, RECORD_MS, load_cases

pytestmark = pytest.mark.spark

Verdict = Event | tuple[str | None, str | None]
"""The event, or (reason, detail up to the value shown)."""


def by_spark(spark: SparkSession, raws: Sequence[bytes | None], trusted: bool) -> list[Verdict]:
    rows = [(place, raw, RECORD_MS) for place, raw in enumerate(raws)]
    records = spark.createDataFrame(rows, "place int, value binary, record_ms bigint")
    judged = with_verdict(records, trust_received_at=trusted, allowed_lateness_ms=ALLOWED_LATENESS_MS)
    verdicts: list[Verdict] = []
    for row in sorted(judged.collect(), key=lambda row: row.place):
        if row.reason is None:
            event = read_clean(row.clean.encode())
            assert row.person == event.person
            verdicts.append(event)
        else:
            assert row.clean is None
            assert row.person is None
            verdicts.append((row.reason, _head(row.reason, row.detail)))
    return verdicts


def by_python(raw: bytes, trusted: bool) -> Verdict:
    try:
        return read_event(raw, RECORD_MS, trust_received_at=trusted, allowed_lateness_ms=ALLOWED_LATENESS_MS)
    except BadEvent as error:
        return error.reason, _head(error.reason, error.detail)


def _head(reason: str, detail: str) -> str:
    """The part of a detail that both say alike: not the value, and not how a parser describes what it met."""
    return reason if reason in ("not_json", "not_utf8") else detail.partition("; is ")[0]


@pytest.mark.parametrize("trusted", [False, True], ids=["received_at not believed", "received_at believed"])
def test_each_case_of_the_corpus_is_judged_as_it_says(spark: SparkSession, trusted: bool) -> None:
    cases = [case for case in load_cases() if case.trusted == trusted]
    for case, verdict in zip(cases, by_spark(spark, [case.raw for case in cases], trusted), strict=True):
        if case.event is not None:
            assert verdict == case.event, case.name
        else:
            assert isinstance(verdict, tuple), case.name
            assert verdict[0] == case.reason, case.name
            assert case.detail is None or verdict[1] == case.detail, case.name


def test_a_tombstone_is_judged_as_no_bytes(spark: SparkSession) -> None:
    assert by_spark(spark, [None], trusted=False) == [("not_json", "not_json")]


NUMBER = st.from_regex(r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,4})?", fullmatch=True)
TEXT = st.text(max_size=6) | st.sampled_from(["", "e1", "GBP", "view", "x" * 64, "x" * 65, "ü" * 256, "😀" * 257])
SCALAR = st.one_of(
    st.none().map(lambda _: "null"),
    st.sampled_from(["true", "false", "[]", "{}", "[1]", '{"a":1}', '{"lat":1,"lon":2}', '{"lat":1}', "NaN", "1 2"]),
    st.integers(-(2**70), 2**70).map(str),
    st.floats(-1e13, 1e13, allow_nan=False).map(repr),
    NUMBER,
    TEXT.map(lambda text: json.dumps(text, ensure_ascii=False)),
    TEXT.map(json.dumps),
)
JSON = st.recursive(
    SCALAR,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: f"[{','.join(parts)}]")
        | st.lists(st.tuples(TEXT.map(json.dumps), inner), max_size=3).map(
            lambda pairs: "{" + ",".join(f"{name}:{value}" for name, value in pairs) + "}"
        )
    ),
    max_leaves=8,
)
FITTING = {
    Type.TEXT: st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=64).map(json.dumps),
    Type.CURRENCY: st.sampled_from(['"GBP"', '"EUR"']),
    Type.INTEGER: st.integers(-2_000, 2_000).map(str) | st.integers(RECORD_MS - 900_000, RECORD_MS + 400_000).map(str),
    Type.NUMBER: st.floats(-200, 200).map(repr) | NUMBER,
    Type.BOOLEAN: st.sampled_from(["true", "false", "null"]),
    Type.OBJECT: st.tuples(st.floats(-95, 95), st.floats(-185, 185)).map(lambda at: f'{{"lat":{at[0]},"lon":{at[1]}}}'),
}
REQUIRED = {
    "event_id": FITTING[Type.TEXT],
    "kind": st.sampled_from(KINDS).map(json.dumps),
    "user_id": FITTING[Type.TEXT],
    "item_id": FITTING[Type.TEXT],
    "occurred_at": st.integers(RECORD_MS - 900_000, RECORD_MS + 400_000).map(str),
}
OPTIONAL = {field.name: FITTING[field.type] for field in FIELDS if "." not in field.name and field.name not in REQUIRED}
EVENT = st.fixed_dictionaries(REQUIRED, optional=OPTIONAL)
FAULTY = st.tuples(
    EVENT, st.dictionaries(st.sampled_from([field.name for field in FIELDS]) | st.text(max_size=3), JSON, max_size=2)
).map(lambda pair: pair[0] | pair[1])
SHORT = st.tuples(EVENT, st.sets(st.sampled_from(sorted(REQUIRED)), max_size=2)).map(
    lambda pair: {name: value for name, value in pair[0].items() if name not in pair[1]}
)
WRITTEN = st.one_of(EVENT, FAULTY, SHORT).map(
    lambda event: "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in event.items()) + "}"
)
PIECE = st.sampled_from(
    [
        "",
        ",",
        "}",
        "]",
        '"',
        "\\",
        "{",
        "[1",
        "\x00",
        "\ufeff",
        " ",
        "\n",
        "1",
        "-",
        ".5",
        "e9",
        "\\u0061",
        "\\ud800",
        "}{",
    ]
)


@st.composite
def garbled(draw: st.DrawFn) -> bytes:
    """An event's text with a stretch of it replaced, as characters or as bytes."""
    raw = draw(WRITTEN).encode("utf-8", "surrogatepass")
    start = draw(st.integers(0, len(raw)))
    piece = draw(PIECE.map(str.encode) | st.binary(max_size=2))
    return raw[:start] + piece + raw[start + draw(st.integers(0, 3)) :]


RAW = WRITTEN.map(lambda text: text.encode("utf-8", "surrogatepass")) | garbled()


def generated(count: int) -> list[bytes]:
    """What hypothesis makes of RAW, gathered, so that Spark judges all of it as one batch."""
    found: list[bytes] = []

    @settings(max_examples=count, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(RAW)
    def gather(raw: bytes) -> None:
        found.append(raw)

    gather()
    return found


@pytest.mark.parametrize("trusted", [False, True], ids=["received_at not believed", "received_at believed"])
def test_both_implementations_give_one_verdict_on_whatever_is_generated(spark: SparkSession, trusted: bool) -> None:
    raws = generated(500)
    expected = [by_python(raw, trusted) for raw in raws]
    events = sum(isinstance(verdict, Event) for verdict in expected)
    assert 25 < events < 475  # neither side is judged on one kind of input only
    found = by_spark(spark, raws, trusted)
    differing = [(raw, want, got) for raw, want, got in zip(raws, expected, found, strict=True) if want != got]
    assert differing == []
