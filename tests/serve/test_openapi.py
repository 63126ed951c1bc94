"""The document is valid, names only what works, and the page shows all of it."""

from __future__ import annotations

import re

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from headrace.serve.problems import TITLES
from tests.serve.api import Api, event

PATHS = {
    "/v1/events": {"post"},
    "/v1/recommendations": {"post"},
    "/v1/rerank": {"post"},
    "/v1/similar/{item_id}": {"get"},
    "/v1/people/{person}/features": {"get"},
    "/v1/decisions/{request_id}": {"get"},
    "/v1/items/{item_id}": {"put", "patch", "delete"},
    "/v1/items": {"post"},
    "/v1/users/{user_id}": {"put", "patch", "delete"},
    "/v1/users": {"post"},
    "/v1/trending": {"get"},
    "/livez": {"get"},
    "/readyz": {"get"},
    "/metrics": {"get"},
}
BODIES = {
    "postEvents": event(),
    "recommend": {"user_id": "ann"},
    "rerank": {"items": ["mug"]},
    "putItem": {"title": "A mug"},
    "patchItem": {"title": "A mug"},
    "putItems": [{"item_id": "mug"}],
    "putUser": {"country": "GB"},
    "patchUser": {"region": "Kent"},
    "putUsers": [{"user_id": "ann"}],
}


def test_the_document_is_valid_openapi_3_1(empty_api: Api) -> None:
    OpenAPIV31SpecValidator(empty_api.get("/openapi.json").json()).validate()


def test_the_document_names_exactly_the_routes_that_exist(empty_api: Api) -> None:
    paths = empty_api.get("/openapi.json").json()["paths"]

    assert {path: set(methods) for path, methods in paths.items()} == PATHS


@pytest.mark.parametrize(
    ("path", "method"), [(path, method) for path, methods in PATHS.items() for method in sorted(methods)]
)
def test_every_operation_answers_with_a_status_that_it_names(api: Api, path: str, method: str) -> None:
    operation = api.get("/openapi.json").json()["paths"][path][method]
    api.ask("PUT", "/v1/users/ann", json={})  # so that there is somebody to PATCH
    names = {"item_id": "mug", "user_id": "ann", "person": "u:ann", "request_id": "nobody"}
    address = path.format(**names) if "{" in path else path

    response = api.ask(method.upper(), address, json=BODIES.get(operation["operationId"]))

    assert str(response.status_code) in operation["responses"]
    assert response.status_code < 300 or path == "/v1/decisions/{request_id}"


def test_every_field_of_an_answer_is_in_its_schema(api: Api) -> None:
    document = api.get("/openapi.json").json()
    schema = document["components"]["schemas"]["RankedList"]

    assert api.recommend(user_id="ann").keys() == schema["properties"].keys()


def test_the_page_shows_every_operation_and_every_problem_and_fetches_nothing(empty_api: Api) -> None:
    page = empty_api.get("/docs")

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert all(path in page.text for path in PATHS)
    assert all(f'id="problem-{kind}"' in page.text for kind in TITLES)
    assert not re.search(r"(src|@import|https?://)", page.text)
    targets = set(re.findall(r'href="#([^"]+)"', page.text))
    assert targets <= set(re.findall(r'id="([^"]+)"', page.text))


def test_the_event_schema_takes_a_good_event_and_refuses_a_wrong_one(empty_api: Api) -> None:
    schema = empty_api.get("/openapi.json").json()["components"]["schemas"]["Event"]
    validator = Draft202012Validator(schema)

    assert validator.is_valid(event(place={"lat": 1, "lon": 2.5}, own=1))
    for wrong in ({"kind": "stare"}, {"occurred_at": "now"}, {"place": {"lat": 91, "lon": 0}}, {"currency": "gbp"}):
        assert not validator.is_valid(event(**wrong))
