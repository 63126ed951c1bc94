"""A moment as people and schedulers write it. No clock."""

from __future__ import annotations

from datetime import UTC, datetime

from headrace.errors import BadInput


def moment_ms(text: str) -> int:
    """Milliseconds since 1970 UTC from just that number or from ISO 8601; without an offset it is UTC.

    >>> moment_ms("1319000000000"), moment_ms("2011-10-19T04:53:20+00:00"), moment_ms("2011-10-19")
    (1319000000000, 1319000000000, 1318982400000)
    """
    if text.isascii() and text.isdecimal():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(
            f"{text!r} is no moment: write milliseconds since 1970 UTC, or 2011-10-19T04:53:20+00:00"
        ) from error
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1000)
