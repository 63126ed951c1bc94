"""POST /v1/events: what is acknowledged, what goes to events.raw, and what the client is told."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.domain.contract import read_event
from headrace.domain.events import Event
from headrace.errors import BadEvent
from headrace.serve.batches import split_json
from tests.serve.api import NOW, VERSION, Api, event, lines

NDJSON = {"content-type": "application/x-ndjson"}
AS_JSON = {"content-type": "application/json"}


def sent(api: Api) -> list[dict[str, object]]:
    return [json.loads(value) for _, value in api.raw_events()]


def test_one_event_is_acknowledged_and_keyed_by_its_person(empty_api: Api) -> None:
    response = empty_api.post("/v1/events", event())

    assert response.status_code == 202
    assert response.json() == {"accepted": 1, "rejected": []}
    assert empty_api.raw_events()[0][0] == "u:ann"
    assert sent(empty_api) == [{**event(), "received_at": NOW}]


def test_a_received_at_of_the_client_is_overwritten(empty_api: Api) -> None:
    empty_api.post("/v1/events", event(received_at=1))

    assert sent(empty_api)[0]["received_at"] == NOW


def test_every_other_byte_of_an_accepted_event_is_kept(empty_api: Api) -> None:
    raw = b'{ "event_id":"e1","kind":"view", "user_id":"ann","item_id":"mug","occurred_at":%d,"own":1.10 }' % NOW

    empty_api.ask("POST", "/v1/events", content=raw, headers=AS_JSON)

    assert b'"own":1.10' in empty_api.raw_events()[0][1]


def test_an_array_and_lines_are_many_events(empty_api: Api) -> None:
    three = [event(event_id=name) for name in "abc"]

    assert empty_api.post("/v1/events", three).json()["accepted"] == 3
    as_lines = b"\r\n".join(json.dumps(one).encode() for one in three) + b"\n\n"
    assert empty_api.ask("POST", "/v1/events", content=as_lines, headers=NDJSON).json()["accepted"] == 3
    assert [one["event_id"] for one in sent(empty_api)] == ["a", "b", "c"] * 2


def test_a_broken_event_is_named_and_its_exact_bytes_go_on_while_the_others_count(empty_api: Api) -> None:
    broken = b'{"event_id": "b",  "kind":"stare","user_id":"ann","item_id":"mug","occurred_at":%d}' % NOW
    body = b"[" + json.dumps(event(event_id="a")).encode() + b" , " + broken + b"]"

    answer = empty_api.ask("POST", "/v1/events", content=body, headers=AS_JSON).json()

    assert answer["accepted"] == 1
    (rejected,) = answer["rejected"]
    assert (rejected["index"], rejected["event_id"], rejected["reason"]) == (1, "b", "unknown_kind")
    assert "stare" in rejected["detail"]
    assert (None, broken) in empty_api.raw_events()


@pytest.mark.parametrize("broken", [b"nan", b'{"a":}', b"{'a': 1}", b"", b'{"a":"\\ud800"}', b"\xff\xfe", b"[" * 3000])
def test_malformed_json_in_an_array_costs_only_its_own_event(empty_api: Api, broken: bytes) -> None:
    if broken.startswith(b"["):
        broken += b"]" * 3000
    good = json.dumps(event()).encode()
    body = b"[" + good + b"," + broken + b"," + good + b"]"

    response = empty_api.ask("POST", "/v1/events", content=body, headers=AS_JSON)

    assert response.status_code == 202
    assert response.json()["accepted"] == 2
    assert [one["index"] for one in response.json()["rejected"]] == [1]
    assert (None, broken) in empty_api.raw_events()


def test_without_consent_nothing_is_kept_and_it_is_counted(empty_api: Api) -> None:
    answer = empty_api.post("/v1/events", [event(consent=False, query="secret"), event()]).json()

    assert [one["reason"] for one in answer["rejected"]] == ["no_consent"]
    assert len(empty_api.raw_events()) == 1
    assert "headrace_events_no_consent_total 1" in empty_api.get("/metrics").text


def test_category_and_content_type_are_filled_once_with_the_catalogues_version(api: Api) -> None:
    api.post("/v1/events", [event(item_id="novel"), event(item_id="novel", category="mine"), event(item_id="new")])

    filled, own, unknown = sent(api)
    version = f"{VERSION}+"
    assert (filled["price_minor"], filled["currency"]) == (1200, "GBP")
    assert (filled["category"], filled["content_type"], filled["catalogue_version"]) == ("books", "book", version)
    assert (own["category"], own["content_type"]) == ("mine", "book")
    assert unknown.keys() == {"event_id", "kind", "user_id", "item_id", "occurred_at", "received_at"}


@pytest.mark.parametrize("form", ["single", "array", "lines"])
def test_what_is_filled_is_the_same_for_one_event_an_array_and_lines(api: Api, form: str) -> None:
    api.ask("PUT", "/v1/items/novel", json={"category": "fiction", "content_type": "book", "price_minor": 1100})
    api.refresh()
    body = json.dumps(event(item_id="novel"))
    content = {"single": body, "array": f"[{body}]", "lines": f"{body}\n"}[form]

    response = api.ask("POST", "/v1/events", content=content, headers=NDJSON if form == "lines" else AS_JSON)

    assert response.json()["accepted"] == 1
    assert sent(api) == [
        {
            **event(item_id="novel"),
            "received_at": NOW,
            "category": "fiction",
            "content_type": "book",
            "price_minor": 1100,
            "currency": "GBP",
            "catalogue_version": f"{VERSION}+0:1",
        }
    ]


def test_an_event_that_was_filled_once_is_not_filled_again(api: Api) -> None:
    api.post("/v1/events", event(item_id="novel"))
    (first,) = sent(api)
    api.ask("PUT", "/v1/items/novel", json={"category": "fiction", "content_type": "story", "price_minor": 1})
    api.refresh()
    api.log.records.pop("main.events.raw")

    api.post("/v1/events", first)

    assert sent(api) == [first]


def test_events_about_items_that_the_catalogue_does_not_know_are_counted_when_they_are_accepted(api: Api) -> None:
    api.ask("DELETE", "/v1/items/lamp")
    api.refresh()
    named = [event(item_id=item) for item in ("mug", "lamp", "new", "newer")]
    search = event(kind="search", item_id=None)
    broken = event(item_id="new", kind="stare")

    assert api.post("/v1/events", [*named, search, broken]).json()["accepted"] == 5

    assert "headrace_events_unknown_item_total 2" in api.get("/metrics").text
    assert api.get("/readyz").json()["unknown_items"] == 2


def test_a_null_category_is_replaced_and_not_doubled(api: Api) -> None:
    raw = json.dumps({**event(item_id="novel"), "category": None}).encode()

    api.ask("POST", "/v1/events", content=raw, headers=AS_JSON)

    assert api.raw_events()[0][1].count(b'"category"') == 1
    assert sent(api)[0]["category"] == "books"


def test_an_event_that_would_grow_past_the_limit_is_sent_as_it_came(api: Api) -> None:
    plain = json.dumps(event(item_id="novel", own="")).encode()
    raw = plain.replace(b'"own": ""', b'"own": "' + b"x" * (65_536 - len(plain)) + b'"')
    assert len(raw) == 65_536

    assert api.ask("POST", "/v1/events", content=raw, headers=AS_JSON).json()["accepted"] == 1
    assert api.raw_events()[0][1] == raw


def test_an_event_above_64_kib_is_refused_with_its_bytes_kept(empty_api: Api) -> None:
    raw = json.dumps(event(own="x" * 65_536)).encode()

    answer = empty_api.ask("POST", "/v1/events", content=raw, headers=AS_JSON).json()

    assert answer["rejected"][0]["reason"] == "too_large"
    assert empty_api.raw_events() == [(None, raw)]


def test_more_than_five_minutes_ahead_is_refused_and_late_is_accepted(empty_api: Api) -> None:
    ahead, late = event(occurred_at=NOW + 300_001), event(occurred_at=NOW - 86_400_000)

    answer = empty_api.post("/v1/events", [ahead, late]).json()

    assert (answer["accepted"], answer["rejected"][0]["reason"]) == (1, "future")


def test_before_the_first_event_of_a_replay_world_an_event_is_received_when_it_happened(empty_api: Api) -> None:
    empty_api.clock.at_ms = 0

    assert empty_api.post("/v1/events", event(occurred_at=1_290_000_000_000)).json()["accepted"] == 1
    assert sent(empty_api)[0]["received_at"] == 1_290_000_000_000


def test_500_events_are_taken_and_501_are_too_many(empty_api: Api) -> None:
    many = [event(event_id=str(number)) for number in range(501)]

    assert empty_api.post("/v1/events", many[:500]).json()["accepted"] == 500
    assert empty_api.ask("POST", "/v1/events", content=lines(*many), headers=NDJSON).status_code == 413
    assert len(empty_api.raw_events()) == 500


def test_no_events_are_no_error(empty_api: Api) -> None:
    assert empty_api.post("/v1/events", []).json() == {"accepted": 0, "rejected": []}


def test_a_broker_that_does_not_answer_is_503_with_retry_after(empty_api: Api) -> None:
    empty_api.log.switch.down = True

    response = empty_api.post("/v1/events", event())

    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    assert response.headers["content-type"] == "application/problem+json"


def test_a_dead_store_does_not_stop_events(empty_api: Api) -> None:
    empty_api.lose_stores()

    assert empty_api.post("/v1/events", event()).status_code == 202


def verdict(raw: bytes) -> Event | str:
    """What the contract makes of it: the event, or the reason why it is none."""
    try:
        return read_event(raw, NOW, trust_received_at=False, allowed_lateness_ms=600_000)
    except BadEvent as error:
        return error.reason


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from([*event(), "value", "place", "consent", "price_minor", "x"]), json_values))
def test_the_edge_and_the_contract_agree_on_every_event(empty_api: Api, odd: dict[str, object]) -> None:
    raw = json.dumps({**event(), **odd}, ensure_ascii=False).encode("utf-8", "surrogatepass")
    empty_api.log.records.clear()

    answer = empty_api.ask("POST", "/v1/events", content=raw, headers=AS_JSON).json()

    expected = verdict(raw)
    if isinstance(expected, str):
        assert [one["reason"] for one in answer["rejected"]] == [expected]
        assert empty_api.raw_events() == ([] if expected == "no_consent" else [(None, raw)])
    else:
        assert answer["rejected"] == []
        ((key, value),) = empty_api.raw_events()
        again = verdict(value)
        assert not isinstance(again, str)
        assert (key, again.key) == (expected.person, expected.key)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.dictionaries(st.text(max_size=8), json_values, max_size=4), max_size=6), st.booleans())
def test_splitting_an_array_gives_back_each_elements_bytes(elements: list[dict[str, object]], broken: bool) -> None:
    raws = [json.dumps(element, ensure_ascii=False).encode("utf-8", "surrogatepass") for element in elements]
    raws += [b"nan"] if broken else []

    assert split_json(b" [ " + b" , ".join(raws) + b" ] ") == raws
