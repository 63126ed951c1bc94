from __future__ import annotations

import json
from pathlib import Path

import pytest

from headrace.cli import main
from headrace.commands.rejected import bytes_of, lines_of, moment_ms
from headrace.errors import BadInput
from headrace.watch.rejected import Rejected, open_rejected
from tests.watch.rejected_table import NOON, Row, append, settings_of


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs `headrace rejected …` on a world with three records: (exit code, stdout, stderr)."""
    settings = settings_of(tmp_path)
    append(
        settings,
        [Row(0, NOON, "not_utf8", b"\xff\x1b[2J", "not UTF-8"), Row(1, NOON + 1, "no_consent", b"", "consent: false")],
    )
    append(settings, [Row(2, NOON + 2, "bad_value", b"{" + b"x" * 500, "category: is \x1b[31m\u202e")])
    monkeypatch.setenv("HEADRACE__PATHS__VAR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["headrace", "rejected", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return run


def test_counts_come_first_then_the_newest_records_and_rejections_are_no_fault_of_the_command(asked) -> None:
    code, out, _ = asked("--limit", "2")
    assert code == 0
    assert [line.split() for line in out.splitlines()[:5]] == [
        ["reason", "records", "sent", "again"], ["bad_value", "1", "0"], ["no_consent", "1", "0"],
        ["not_utf8", "1", "0"], [],
    ]  # fmt: skip
    assert out.splitlines()[5:] == [
        "2025-12-01 12:00:00.002  1:0:2  bad_value  501 bytes",
        r"    category: is \x1b[31m\u202e",
        "    {" + "x" * 72 + "...",
        "2025-12-01 12:00:00.001  1:0:1  no_consent  0 bytes",
        "    consent: false",
    ]


def test_json_has_the_counts_the_hours_and_the_newest(asked) -> None:
    code, out, _ = asked("--json", "--by-hour", "--limit", "1", "--reason", "not_utf8")
    assert (code, json.loads(out)) == (
        0,
        {
            "world": "main",
            "records": 1,
            "reasons": [{"reason": "not_utf8", "records": 1, "sent_again": 0}],
            "hours": [{"hour_ms": NOON, "reason": "not_utf8", "records": 1}],
            "newest": [
                {
                    "src": "1:0:0",
                    "src_ms": NOON,
                    "reason": "not_utf8",
                    "detail": "not UTF-8",
                    "bytes": 5,
                    "preview": r"\xff\x1b[2J",
                    "sent_again_as": None,
                }
            ],
        },
    )


def test_nothing_rejected_is_said_and_is_good(asked) -> None:
    assert asked("--reason", "future")[:2] == (0, "world main: nothing was rejected like this\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--reason", "rude"), "--reason rude: one of too_large, not_utf8, "),
        (("--from", "yesterday"), "--from yesterday: a day or a moment"),
        (("--from", "2026-01-02", "--to", "2026-01-02"), "nothing lies between them"),
        (("--world", "elsewhere"), "--world elsewhere: no such world below"),
        (("--raw", "1:0:9"), "--raw 1:0:9: no such rejected record"),
        (("--raw", "1:0:1"), "--raw 1:0:1: no_consent: its bytes were not kept"),
        (("--dry-run",), "--dry-run, --again: only with redrive"),
        (("redrive",), "redrive: say which, with --reason or --src"),
        (("redrive", "--reason", "no_consent"), "the bytes of these were not kept"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(asked, arguments, said) -> None:
    code, out, err = asked(*arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err


def test_a_dry_run_says_what_would_become_of_them(asked) -> None:
    code, out, _ = asked("redrive", "--reason", "not_utf8", "--dry-run")
    assert (code, out.splitlines()[:2]) == (
        0,
        ["1 records would be sent again: main.events.raw", "        1 still rejected: not_utf8"],
    )


def test_the_bytes_of_one_record_are_exact(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    every = bytes(range(256)) * 300
    append(settings, [Row(0, NOON, "too_large", every), Row(1, NOON)])
    assert bytes_of(open_rejected(settings), "1:0:0") == every


def test_a_listed_record_is_never_wider_than_the_terminal_and_cannot_speak_to_it() -> None:
    detail = "query: must be a string of 1 to 256 characters; is \x1b]0;owned\x07" + "ü" * 20
    record = Rejected("1:0:5", NOON, "bad_value", detail, b"\r\n\x9b2J" + b"y" * 300, 305)
    lines = lines_of(record, "1:1:77", 80)
    assert lines[0] == "2025-12-01 12:00:00.000  1:0:5  bad_value  305 bytes  sent again as 1:1:77"
    told = r"query: must be a string of 1 to 256 characters; is \x1b]0;owned\x07" + r"\xfc" * 20
    assert lines[1:-1] == ["    " + told[:76], "    " + told[76:]]
    assert lines[-1] == r"    \x0d\x0a\x9b2J" + "y" * 59 + "..."
    assert max(map(len, lines)) <= 80


def test_a_moment_is_utc_unless_it_says_otherwise() -> None:
    assert moment_ms("--from", "2025-12-01T12:00") == NOON == moment_ms("--from", "2025-12-01T13:00+01:00")
    with pytest.raises(BadInput, match="--to 25:00"):
        moment_ms("--to", "25:00")
