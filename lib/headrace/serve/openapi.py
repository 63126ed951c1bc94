"""The OpenAPI 3.1 document of the operations that this process serves. Nothing is in it that does not work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from headrace import __version__
from headrace.serve.operation import Operation, Schema
from headrace.serve.problems import MEDIA_TYPE, TITLES, ProblemBody

REF: Final = "#/components/schemas/{name}"


def document(operations: Sequence[Operation], named: Mapping[str, Schema]) -> dict[str, object]:
    """Operations as an OpenAPI document, ready for JSON. `named`: schemas that operations refer to by name."""
    wire = [kind for operation in operations for kind in _wire_types(operation)]
    unique = list(dict.fromkeys([*wire, ProblemBody]))
    schemas, components = msgspec.json.schema_components(unique, ref_template=REF)
    schema_of = dict(zip(unique, schemas, strict=True))
    paths: dict[str, dict[str, object]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Headrace",
            "version": __version__,
            "summary": "A streaming recommendation system: what people do, as they do it, to the head of their list.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": {**components, **named}},
    }


def _wire_types(operation: Operation) -> list[type]:
    bodies = [body for body in operation.request.values() if isinstance(body, type)]
    return bodies + [body for _, body in operation.answers.values() if body is not None]


def _operation(operation: Operation, schema_of: dict[type, dict[str, object]]) -> dict[str, object]:
    described: dict[str, object] = {"operationId": operation.name, "summary": operation.summary}
    if operation.about:
        described["description"] = operation.about
    if operation.parameters:
        described["parameters"] = [
            {
                "name": parameter.name,
                "in": parameter.where,
                "required": parameter.where == "path",
                "description": parameter.about,
                "schema": parameter.schema,
            }
            for parameter in operation.parameters
        ]
    if operation.request:
        described["requestBody"] = {
            "required": True,
            "content": {media: {"schema": _schema(body, schema_of)} for media, body in operation.request.items()},
        }
    described["responses"] = {
        **{str(status): _answer(*answer, schema_of) for status, answer in operation.answers.items()},
        **_problems(operation, schema_of),
    }
    return described


def _schema(body: type | Schema, schema_of: dict[type, dict[str, object]]) -> Schema:
    return schema_of[body] if isinstance(body, type) else body


def _answer(meaning: str, body: type | None, schema_of: dict[type, dict[str, object]]) -> dict[str, object]:
    if body is None:
        return {"description": meaning}
    return {"description": meaning, "content": {"application/json": {"schema": schema_of[body]}}}


def _problems(operation: Operation, schema_of: dict[type, dict[str, object]]) -> dict[str, object]:
    titles: dict[int, list[str]] = {}
    for kind in operation.problems:
        status, title = TITLES[kind]
        titles.setdefault(status, []).append(title)
    return {
        str(status): {
            "description": "; ".join(named),
            "content": {MEDIA_TYPE: {"schema": schema_of[ProblemBody]}},
        }
        for status, named in titles.items()
    }
