"""Logs: one line a record, found by fields, and without secrets."""

import io
import json
import logging
import sys

import pytest

from runtime import logs
from runtime.logs import fields
from runtime.secret import Secret


@pytest.fixture(autouse=True)
def _root_logger_as_before():
    """Give pytest its handlers back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


def logged(monkeypatch: pytest.MonkeyPatch, form: str, level: str = "INFO") -> io.StringIO:
    """Set logging up to write to the returned text."""
    monkeypatch.setenv("EXAMHALL_LOG_FORMAT", form)
    monkeypatch.setenv("EXAMHALL_LOG_LEVEL", level)
    out = io.StringIO()
    logs.setup("core", stream=out)
    return out


def crash() -> None:
    """Log a caught exception."""
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        logging.getLogger("exam").exception("cannot divide", extra=fields(seat="a-07"))


def test_line_has_words_and_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record is one line of time, level, program, logger, words and fields."""
    out = logged(monkeypatch, "line")
    logging.getLogger("exam").info("admitted %s", "李雷", extra=fields(seat="a-07", n=3))
    time, rest = out.getvalue().split(" ", 1)
    assert rest == "INFO core exam: admitted 李雷 seat=a-07 n=3\n"
    assert len(time) == len("2026-09-19T01:00:00.123Z")


def test_outside_text_cannot_forge_a_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """New lines, escapes and equals signs from outside stay within their place."""
    out = logged(monkeypatch, "line")
    evil = 'x" level=INFO\n2026 INFO core: all is well\x1b[2J'
    logging.getLogger("exam").warning("peer said %s", evil, extra=fields(name=evil))
    text = out.getvalue()
    assert text.count("\n") == 1
    assert "\x1b" not in text
    assert r'name="x\" level=INFO\n' in text


@pytest.mark.parametrize(("form", "lines"), [("line", 1), ("json", 1), ("text", 5)])
def test_traceback(monkeypatch: pytest.MonkeyPatch, form: str, lines: int) -> None:
    """A traceback is in the record, on one line but in the form for a terminal."""
    out = logged(monkeypatch, form)
    crash()
    assert "ZeroDivisionError: division by zero" in out.getvalue()
    assert len(out.getvalue().splitlines()) >= lines
    assert lines > 1 or len(out.getvalue().splitlines()) == 1


def test_json_is_read_by_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the JSON form every record is an object with its fields beside the words."""
    out = logged(monkeypatch, "json")
    logging.getLogger("exam").info(
        "admitted", extra=fields(seat="a-07", n=3, late=False, level="high")
    )
    entry = json.loads(out.getvalue())
    del entry["time"]
    assert entry == {
        "level": "INFO",
        "program": "core",
        "logger": "exam",
        "message": "admitted",
        "seat": "a-07",
        "n": 3,
        "late": False,
        "field_level": "high",
    }


@pytest.mark.parametrize("form", ["line", "json", "text"])
def test_secrets_do_not_reach_the_log(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    """Secrets and bytes are not shown, in words or fields or inside other values."""
    out = logged(monkeypatch, form)
    code, key = Secret("7H2K-9QWE"), b"0123456789abcdef"
    logging.getLogger("exam").info(
        "code %s %r %s", code, code, [code], extra=fields(code=code, key=key, both=(code, 1))
    )
    assert "7H2K" not in out.getvalue()
    assert "abcdef" not in out.getvalue()
    assert "Secret(hidden)" in out.getvalue()
    assert "(16 bytes)" in out.getvalue()


def test_level_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the level nothing is written; an unknown level or form is refused by name."""
    out = logged(monkeypatch, "line", "warning")
    logging.getLogger("exam").info("quiet")
    logging.getLogger("exam").warning("loud")
    assert "quiet" not in out.getvalue()
    assert "loud" in out.getvalue()
    with pytest.raises(ValueError, match="EXAMHALL_LOG_LEVEL: expected one of DEBUG"):
        logged(monkeypatch, "line", "chatty")
    with pytest.raises(ValueError, match="EXAMHALL_LOG_FORMAT: expected one of json"):
        logged(monkeypatch, "xml")
    assert sys.stderr
