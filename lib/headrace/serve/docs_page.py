"""The OpenAPI document as one page that a person reads: no script, no font or style from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final, TypeAlias

from headrace.serve.problems import TITLES

Document: TypeAlias = Mapping[str, Any]  # OpenAPI is open-ended JSON; this is the one place that reads it

PROBLEMS: Final = {
    "not-json": "Send one JSON document in UTF-8: no trailing commas, no NaN, nothing after its end.",
    "bad-field": "<code>errors</code> names each field, what was sent and what is expected. Unknown fields are refused,"
    " so that a misspelt one is not silently ignored.",
    "not-found": "The address, or what it names, does not exist (any more: decisions are kept for a limited time).",
    "method-not-allowed": "The <code>Allow</code> header lists the methods that this address takes.",
    "too-large": "Send the events or items in several requests.",
    "unsupported-media-type": "Set <code>Content-Type</code> to one that the operation lists, without compression.",
    "internal": "A bug. The server's log has the traceback; the same request can be sent again.",
    "unavailable": "A store does not answer. Nothing of the request was kept unless the answer says so; send it again"
    " after <code>Retry-After</code> seconds. Event ids make a repetition harmless.",
}

STYLE: Final = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1.25rem; }
code, pre { font: 0.875em/1.5 ui-monospace, monospace; }
pre { padding: .75rem 1rem; border: 1px solid var(--line); border-radius: 6px; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; } section { margin: 2.5rem 0; } h2 { margin-top: 3rem; }
h3 code { font-size: 1em; } .method { display: inline-block; min-width: 4.5em; font-weight: 700; }
nav li { list-style: none; } nav ul { padding: 0; } a { color: inherit; }
"""


def page(document: Document) -> str:
    """The whole page."""
    operations = [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    schemas = document["components"]["schemas"]
    contents = "".join(
        f'<li><a href="#{o["operationId"]}"><code><span class="method">{method}</span>{escape(path)}</code></a>'
        f" {escape(o['summary'])}</li>"
        for method, path, o in operations
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Headrace API</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>'
        f"<h1>Headrace API {escape(document['info']['version'])}</h1><p>{escape(document['info']['summary'])}</p>"
        '<p>For programs: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1). Errors are problem+json (RFC 9457),'
        ' <a href="#problems">explained below</a>.</p>'
        f"<nav><ul>{contents}</ul></nav>"
        + "".join(_operation(*operation) for operation in operations)
        + '<h2 id="problems">Problems</h2>'
        + "".join(_problem(kind) for kind in TITLES)
        + '<h2 id="schemas">Schemas</h2>'
        + "".join(_schema(name, schema) for name, schema in schemas.items())
        + "</body></html>"
    )


def _operation(method: str, path: str, operation: Document) -> str:
    parts = [
        f'<section id="{operation["operationId"]}"><h3><code>{method} {escape(path)}</code></h3>',
        f"<p>{escape(operation['summary'])}</p>",
    ]
    parts += [f"<p>{escape(text)}</p>" for text in operation.get("description", "").split("\n\n") if text]
    if "parameters" in operation:
        rows = [
            (f"<code>{escape(p['name'])}</code>", escape(p["in"]), _type(p["schema"]), escape(p["description"]))
            for p in operation["parameters"]
        ]
        parts.append(_table(("parameter", "in", "type", ""), rows))
    if "requestBody" in operation:
        bodies = operation["requestBody"]["content"].items()
        parts.append(_table(("body", ""), [(f"<code>{escape(m)}</code>", _type(b["schema"])) for m, b in bodies]))
    answers = [
        (
            f"<code>{status}</code>",
            escape(answer["description"]),
            ", ".join(_type(body["schema"]) for body in answer.get("content", {}).values()),
        )
        for status, answer in operation["responses"].items()
    ]
    return "".join([*parts, _table(("answer", "", "body"), answers), "</section>"])


def _problem(kind: str) -> str:
    status, title = TITLES[kind]
    return (
        f'<section id="problem-{kind}"><h3><code>{status}</code> {escape(title)}</h3>'
        f"<p><code>type: /docs#problem-{kind}</code></p><p>{PROBLEMS[kind]}</p></section>"
    )


def _schema(name: str, schema: Document) -> str:
    required = schema.get("required", [])
    rows = [
        (
            f"<code>{escape(field)}</code>" + (" *" if field in required else ""),
            _type(about),
            escape(about.get("description", "")),
        )
        for field, about in schema.get("properties", {}).items()
    ]
    about = f"<p>{escape(schema['description'])}</p>" if "description" in schema else ""
    body = _table(("field (* required)", "type", ""), rows) if rows else f"<p>{_type(schema)}</p>"
    return f'<section id="schema-{escape(name)}"><h3>{escape(name)}</h3>{about}{body}</section>'


def _type(schema: Document) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[-1])
        return f'<a href="#schema-{name}">{name}</a>'
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return " or ".join(_type(one) for one in schema[choice])
    if "enum" in schema:
        return " or ".join(f"<code>{escape(json.dumps(value))}</code>" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"array of {_type(schema['items'])}" if "items" in schema else "array"
    bounds = [f"{word} {schema[key]}" for key, word in _BOUNDS if key in schema]
    return escape(" ".join([str(schema.get("type", "any JSON")), *bounds]))


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{name}</th>" for name in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


_BOUNDS: Final = (
    ("minimum", "≥"),
    ("maximum", "≤"),
    ("minLength", "of length ≥"),
    ("maxLength", "of length ≤"),
    ("minItems", "with items ≥"),
    ("maxItems", "with items ≤"),
)
