"""Every fault that a command may tell has a Chinese sentence."""

import pytest

from protocol import errors as protocol_errors
from protocol.fault_words import _ZH, say_fault
from runtime import errors as runtime_errors


def codes(root: type[BaseException]) -> set[str]:
    """Return the codes of a tree of errors."""
    below = (codes(kind) for kind in root.__subclasses__() if kind.__module__ == root.__module__)
    return {str(root.code), *(code for tree in below for code in tree)}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "root", [protocol_errors.ProtocolError, runtime_errors.MachineryError], ids=lambda r: r.__name__
)
def test_every_code_has_its_sentence(root: type[BaseException]) -> None:
    """None falls through to the general one."""
    assert codes(root) <= set(_ZH)


def test_the_detail_stands_behind_the_sentence() -> None:
    """English stays as the fault has it; Chinese leads, with the detail in brackets."""
    error = protocol_errors.MalformedError("expected Envelope: truncated")
    assert say_fault(error, "en") == "expected Envelope: truncated"
    assert say_fault(error, "zh").startswith("文件或内容的格式不对")
    assert "expected Envelope: truncated" in say_fault(error, "zh")


def test_what_the_system_refuses_is_told_too() -> None:
    """A missing file is named in both languages."""
    error = FileNotFoundError(2, "No such file or directory", "a.json")
    assert "a.json" in say_fault(error, "zh")
    assert say_fault(error, "zh").startswith("找不到")
