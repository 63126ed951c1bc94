"""What is wrong with a request is said as RFC 9457 asks, and names the field."""

from __future__ import annotations

import json

import pytest

from tests.serve.api import Api, event

RECOMMEND = "/v1/recommendations"
AS_JSON = {"content-type": "application/json"}


def assert_problem(response, status: int, kind: str) -> dict[str, object]:
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["type"] == f"/docs#problem-{kind}"
    assert response.status_code == problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["instance"] == response.request.url.path
    return problem


WRONG_FIELDS = [
    ({"limit": 0}, "limit", 0, ">= 1"),
    ({"limit": 201}, "limit", 201, "<= 200"),
    ({"limit": True}, "limit", True, "int"),
    ({"limit": 2.5}, "limit", 2.5, "int"),
    ({"user_id": 7}, "user_id", 7, "str"),
    ({"user_id": ""}, "user_id", "", "length >= 1"),
    ({"user_id": "x" * 129}, "user_id", "x" * 129, "length <= 128"),
    ({"users": "ann"}, "users", "ann", "unknown field"),
    ({"context": {"plase": 1}}, "context.plase", 1, "unknown field"),
    ({"context": {"place": {"lat": 91, "lon": 0}}}, "context.place.lat", 91, "<= 90"),
    ({"context": {"place": {"lat": 1}}}, "context.place.lon", None, "required"),
    ({"context": {"local_time": "tomorrow"}}, "context.local_time", "tomorrow", "RFC3339"),
    ({"context": {"device": []}}, "context.device", [], "str"),
    ({"filter": {"categories": ["a", 3]}}, "filter.categories[1]", 3, "str"),
    ({"filter": {"price_from": -1}}, "filter.price_from", -1, ">= 0"),
    ({"filter": {"price_from": 10, "price_to": 9}}, "filter.price_from", 10, "at most"),
    ({"exclude": "mug"}, "exclude", "mug", "array"),
    ({"context": {"events": [{"kind": "view"}]}}, "context.events[0].item_id", None, "missing"),
    ({"context": {"events": [{"kind": "stare", "item_id": "a"}]}}, "context.events[0].kind", "stare", "one of"),
    ({"context": {"events": [{"kind": "view", "item_id": 4}]}}, "context.events[0].item_id", 4, "string"),
    (
        {"user_id": "ann", "context": {"events": [{"kind": "view", "item_id": "a", "user_id": "bob"}]}},
        "context.events[0].user_id",
        "bob",
        "ann",
    ),
    ({"context": {"events": [7]}}, "context.events[0]", "7", "object"),
    ({"explain": "yes"}, "explain", "yes", "bool"),
]


@pytest.mark.parametrize(("body", "field", "value", "message"), WRONG_FIELDS)
def test_a_wrong_field_is_named_with_what_was_sent(api: Api, body, field, value, message) -> None:
    problem = assert_problem(api.post(RECOMMEND, body), 400, "bad-field")

    (error,) = problem["errors"]
    assert error["field"] == field
    assert error["value"] == value
    assert message in error["message"]
    assert field in problem["detail"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"limit": 1', b"{'limit': 1}", b'{"limit": NaN}', b'{"limit":1}}', b"\xff", b"[" * 100_000]
)
def test_a_body_that_is_not_json_is_said_to_be_none(api: Api, body: bytes) -> None:
    response = api.ask("POST", RECOMMEND, content=body, headers=AS_JSON)

    assert response.status_code == 400
    if not body.startswith(b"["):
        assert_problem(response, 400, "not-json")


@pytest.mark.parametrize("body", [b"[]", b"7", b'"x"', b"null"])
def test_json_that_is_no_object_is_a_wrong_body(api: Api, body: bytes) -> None:
    assert_problem(api.ask("POST", RECOMMEND, content=body, headers=AS_JSON), 400, "bad-field")


@pytest.mark.parametrize("body", [b"7", b'"x"', b"null", b"nonsense"])
def test_events_that_are_neither_object_nor_array_are_a_wrong_body(api: Api, body: bytes) -> None:
    assert_problem(api.ask("POST", "/v1/events", content=body, headers=AS_JSON), 400, "bad-field")


@pytest.mark.parametrize("body", [b"", b"[{}", b"[{}] x", b'[{"a": "'])
def test_an_array_of_events_that_does_not_end_is_not_json(api: Api, body: bytes) -> None:
    assert_problem(api.ask("POST", "/v1/events", content=body, headers=AS_JSON), 400, "not-json")


@pytest.mark.parametrize("path", ["/v1/events", RECOMMEND, "/v1/rerank", "/v1/items"])
def test_a_body_above_one_mebibyte_is_too_large(api: Api, path: str) -> None:
    large = json.dumps({"own": "x" * 1_048_576}).encode()

    assert_problem(api.ask("POST", path, content=large, headers=AS_JSON), 413, "too-large")


def test_a_body_of_undeclared_length_is_cut_off_at_the_limit(api: Api) -> None:
    async def chunks():
        for _ in range(20):
            yield b"x" * 65_536

    assert_problem(api.ask("POST", "/v1/events", content=chunks(), headers=AS_JSON), 413, "too-large")


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (RECOMMEND, {"content-type": "text/plain"}),
        (RECOMMEND, {"content-type": "application/x-ndjson"}),
        (RECOMMEND, {"content-type": "application/json; charset=latin-1"}),
        (RECOMMEND, {"content-type": "application/json", "content-encoding": "gzip"}),
        ("/v1/events", {"content-type": "application/x-www-form-urlencoded"}),
    ],
)
def test_a_body_of_another_type_is_refused(api: Api, path: str, headers: dict[str, str]) -> None:
    assert_problem(api.ask("POST", path, content=b"{}", headers=headers), 415, "unsupported-media-type")


def test_a_charset_of_utf_8_and_no_type_at_all_are_fine(api: Api) -> None:
    for headers in ({"content-type": 'application/json; charset="UTF-8"'}, {}):
        assert api.ask("POST", RECOMMEND, content=b"{}", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", RECOMMEND, {"POST"}),
        ("DELETE", "/v1/events", {"POST"}),
        ("GET", "/v1/items/mug", {"PUT", "PATCH", "DELETE"}),
        ("POST", "/readyz", {"GET", "HEAD"}),
    ],
)
def test_another_method_is_refused_and_the_right_ones_named(api: Api, method: str, path: str, allowed) -> None:
    response = api.ask(method, path)

    assert_problem(response, 405, "method-not-allowed")
    assert set(response.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/recommendation", "/v2/events"])
def test_an_unknown_address_is_a_problem_too(api: Api, path: str) -> None:
    assert_problem(api.get(path), 404, "not-found")


@pytest.mark.parametrize("limit", ["0", "201", "-1", "ten", "", "1.5", "９"])
def test_a_wrong_query_parameter_is_named(api: Api, limit: str) -> None:
    problem = assert_problem(api.ask("GET", "/v1/similar/mug", params={"limit": limit}), 400, "bad-field")

    assert problem["errors"] == [{"field": "limit", "value": limit, "message": "Expected an integer from 1 to 200"}]


def test_an_unknown_query_parameter_is_named(api: Api) -> None:
    problem = assert_problem(api.get("/v1/similar/mug?limits=3"), 400, "bad-field")

    assert problem["errors"][0]["field"] == "limits"


@pytest.mark.parametrize("path", ["/v1/people/u:ann/features", "/v1/decisions/some"])
def test_what_only_a_store_can_answer_is_503_without_it(api: Api, path: str) -> None:
    api.lose_stores()

    response = api.get(path)

    assert_problem(response, 503, "unavailable")
    assert response.headers["retry-after"] == "1"


def test_items_are_503_without_the_broker(api: Api) -> None:
    api.log.switch.down = True

    for method, path, body in (("PUT", "/v1/items/a", {}), ("POST", "/v1/items", [{"item_id": "a"}])):
        assert_problem(api.ask(method, path, json=body), 503, "unavailable")
    assert_problem(api.ask("DELETE", "/v1/items/a"), 503, "unavailable")


def test_a_long_value_is_not_echoed_whole(api: Api) -> None:
    problem = api.post(RECOMMEND, {"user_id": "x" * 5000}).json()

    assert problem["errors"][0]["value"] == "x" * 200 + "…"


def test_events_are_never_refused_for_their_contents(api: Api) -> None:
    assert api.post("/v1/events", event(kind=7)).status_code == 202


def test_every_answer_is_counted_by_operation_and_status(api: Api) -> None:
    api.recommend()
    api.post("/v1/recommendations", {"limit": "many"})
    api.lose_stores()
    api.get("/v1/decisions/none")

    counted = api.get("/metrics").text
    assert 'headrace_requests_total{operation="recommend",status="200"} 1\n' in counted
    assert 'headrace_requests_total{operation="recommend",status="400"} 1\n' in counted
    assert 'headrace_requests_total{operation="decision",status="503"} 1\n' in counted
