"""Logging: the standard library's, one line a record, written to stderr.

The programs are told how by two variables of the environment:

========================  ====================================================
EXAMHALL_LOG_LEVEL        DEBUG, INFO (default), WARNING, ERROR
EXAMHALL_LOG_FORMAT       json, line (default), text (default on a terminal)
========================  ====================================================

``text`` differs from ``line`` only in that a traceback keeps its lines.

Rules:

1. What is said in words stands in the message; what is looked for stands in `fields`.
2. No secrets: they travel as `runtime.secret.Secret`, which does not print, and bytes are
   shown by their number only.
3. Text from outside cannot begin a new line or a new field.

::

    log.info("admitted", extra=fields(seat=seat, candidate=candidate))
    2026-09-19T01:00:00.123Z INFO core appliance.core.sessions: admitted seat=a-07 candidate=c1
"""

import datetime as dt
import json
import logging
import os
import re
import sys
from collections.abc import Mapping
from typing import Final, TextIO

_PLAIN: Final = re.compile(r"[\w.,:;/@+\-()\[\]一-鿿]+")


def fields(**values: object) -> dict[str, object]:
    """Return ``extra=`` for a log call: things by which somebody will look for the record."""
    return {"fields": values}


def setup(program: str, *, stream: TextIO | None = None) -> None:
    """Send all logging of this process to stderr, as the environment says."""
    out = sys.stderr if stream is None else stream
    default = "text" if out.isatty() else "line"
    form = os.environ.get("EXAMHALL_LOG_FORMAT") or default
    level = os.environ.get("EXAMHALL_LOG_LEVEL") or "INFO"
    handler = logging.StreamHandler(out)
    handler.setFormatter(_FORMATTERS[_known(form, _FORMATTERS, "EXAMHALL_LOG_FORMAT")](program))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_known(level.upper(), _LEVELS, "EXAMHALL_LOG_LEVEL"))
    logging.captureWarnings(capture=True)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, program, logger, message, fields, traceback."""

    def __init__(self, program: str) -> None:
        super().__init__()
        self._program = program

    def format(self, record: logging.LogRecord) -> str:
        """Write ``record`` as one line."""
        entry: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname,
            "program": self._program,
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name, value in _fields(record).items():
            entry[f"field_{name}" if name in entry else name] = _shown(value)
        if trace := _trace(self, record):
            entry["traceback"] = trace
        return json.dumps(entry, ensure_ascii=False)


class LineFormatter(logging.Formatter):
    """One line for a person: time, level, program, logger, message, ``name=value``."""

    def __init__(self, program: str) -> None:
        super().__init__()
        self._program = program

    def format(self, record: logging.LogRecord) -> str:
        """Write ``record`` as one line."""
        said = _one_line(record.getMessage())
        line = f"{_time(record)} {record.levelname} {self._program} {record.name}: {said}"
        for name, value in _fields(record).items():
            line += f" {name}={_quoted(_shown(value))}"
        if trace := _trace(self, record):
            line += self.traceback(trace)
        return line

    def traceback(self, trace: str) -> str:
        """Return what follows the line for a traceback."""
        return f" traceback={json.dumps(trace, ensure_ascii=False)}"


class TextFormatter(LineFormatter):
    """The same, with tracebacks as Python prints them."""

    def traceback(self, trace: str) -> str:
        """Return the traceback in lines of its own."""
        return "\n" + trace


_FORMATTERS: Final[dict[str, type[JsonFormatter] | type[LineFormatter]]] = {
    "json": JsonFormatter,
    "line": LineFormatter,
    "text": TextFormatter,
}
_LEVELS: Final = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40}


def _known(value: str, allowed: Mapping[str, object], variable: str) -> str:
    if value not in allowed:
        raise ValueError(f"{variable}: expected one of {', '.join(allowed)}, got {value!r}")
    return value


def _fields(record: logging.LogRecord) -> dict[str, object]:
    found = getattr(record, "fields", None)
    return found if isinstance(found, dict) else {}


def _time(record: logging.LogRecord) -> str:
    at = dt.datetime.fromtimestamp(record.created, dt.UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = []
    if record.exc_info:
        parts.append(formatter.formatException(record.exc_info))
    if record.stack_info:
        parts.append(formatter.formatStack(record.stack_info))
    return "\n".join(parts)


def _shown(value: object) -> object:
    if isinstance(value, bytes | bytearray | memoryview):
        return f"({len(value)} bytes)"
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)


def _quoted(value: object) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
