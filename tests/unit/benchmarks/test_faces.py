"""The benchmark of faces refuses to compare what may not be compared."""

import sys

import pytest

from appliance.faces.build import Build, BuildKind
from benchmarks import faces
from benchmarks.rows import Row, table


@pytest.mark.parametrize("kind", [kind for kind in BuildKind if kind is not BuildKind.FAST])
def test_another_build_than_the_fast_one_fails_and_is_named(monkeypatch, capsys, kind):
    """Nothing is measured, and the message says which build this is and what to do."""
    build = Build(kind=kind, version="20.0.1", blas=False, for_v3=False, compiled="")
    monkeypatch.setattr(faces, "inspect_build", lambda: build)
    monkeypatch.setattr(faces, "measure", lambda: pytest.fail("it measured"))
    monkeypatch.setattr(sys, "argv", ["faces"])
    assert faces.main() == 1
    said = capsys.readouterr().err
    assert kind.value in said
    assert "make dlib" in said


def test_a_ratio_that_is_too_small_fails():
    """A row with a least ratio holds from there on, and the table marks one that does not."""
    row = Row(
        name="checks", value=20, unit="/s", baseline="other", baseline_value=5, ratio=4.0,
        parameters={}, least=5.0,
    )  # fmt: skip
    assert not row.holds
    assert "FAILS" in table([row])
