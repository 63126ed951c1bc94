"""The event contract as a JSON Schema for the API's documentation, made from the contract's own table."""

from __future__ import annotations

from headrace.domain.contract import FIELDS, REQUIRED, Field, Type
from headrace.domain.events import KINDS
from headrace.serve.operation import Schema


def event_schema() -> Schema:
    """What an event may hold. What only several fields together show (a person, an item) is in its description."""
    place = [field for field in FIELDS if field.name.startswith("place.")]
    properties = {field.name: dict(_schema(field)) for field in FIELDS if "." not in field.name}
    properties["kind"] = {"enum": list(KINDS)}
    properties["place"] |= {
        "properties": {field.name.removeprefix("place."): _schema(field) for field in place},
        "required": [field.name.removeprefix("place.") for field in place],
    }
    return {
        "type": "object",
        "description": "What a person did; user_id or session_id names them, item_id what they did it to (but for a"
        " search). Times in ms since 1970 UTC. Other fields are kept; null equals absent; at most 64 KiB.",
        "properties": properties,
        "required": list(REQUIRED),
    }


def _schema(field: Field) -> Schema:
    match field.type:
        case Type.TEXT:
            return {"type": "string", "minLength": field.low, "maxLength": field.high}
        case Type.CURRENCY:
            return {"type": "string", "pattern": "^[A-Z]{3}$"}
        case Type.INTEGER | Type.NUMBER:
            return {"type": field.type.name.lower(), "minimum": field.low, "maximum": field.high}
        case Type.BOOLEAN | Type.OBJECT:
            return {"type": field.type.name.lower()}
