"""Why a demo could not be completed is said in the person's language first."""

import re

import pytest

from drill.demo.command import in_words
from drill.demo.messages import Language
from drill.errors import ActRefusedError, DrillError, NotInTimeError, PageError
from drill.faces import SampleFaceError
from runtime.errors import DiskFullError

FAILURES = [
    NotInTimeError("expected within 60 s: seats found"),
    ActRefusedError("Unlock was refused (wrong_code): group 2", text_zh="第 2 组有误"),
    PageError("seat a01 refused Login"),
    SampleFaceError("astronaut.png is not there"),
    DrillError("appliance.cli install: no"),
    DiskFullError("spool.db: expected room"),
    FileNotFoundError(2, "No such file or directory", "a.json"),
]


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
def test_a_failure_begins_in_the_language(error: Exception) -> None:
    """Chinese leads and the detail stands in brackets behind it; English is the detail alone."""
    said = in_words(error, Language.ZH)
    assert re.match("[一-鿿]{4}", said)
    assert said.endswith(f"（{error}）")
    assert in_words(error, Language.EN) == str(error)


def test_what_core_says_in_chinese_is_passed_on() -> None:
    """The reason of a refused act is core's own Chinese; several failures stand in a row."""
    both = in_words(ExceptionGroup("two", FAILURES[:2]), Language.ZH)
    assert "第 2 组有误" in both
    assert both.count("；") + both.count("; ") == 1
