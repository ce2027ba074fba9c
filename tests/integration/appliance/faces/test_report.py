"""The report on real pictures."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.faces.report import lines, measure
from drill import faces

ROOT = Path(__file__).parents[4]


def test_pictures_that_will_not_do_are_left_out_with_the_reason(tmp_path):
    """A torn picture is named; the rest is measured; the table says how many."""
    for n, face in enumerate((faces.PRESIDENT, faces.PRESIDENT_EARLIER, faces.VICE_PRESIDENT)):
        folder = tmp_path / face.person
        folder.mkdir(exist_ok=True)
        (folder / f"{n}.jpg").write_bytes(faces.photograph(face))
    (tmp_path / "president" / "torn.jpg").write_bytes(faces.photograph(faces.PRESIDENT)[:9_000])
    report = measure(tmp_path)
    assert (report.people, report.pictures) == (2, 3)
    assert len(report.left_out) == 1
    assert "torn.jpg: expected a whole JPEG" in report.left_out[0]
    by_threshold = {row.threshold: row for row in report.pairs}
    assert (by_threshold[450].same, by_threshold[450].same_refused) == (1, 0)
    assert (by_threshold[650].different, by_threshold[650].different_accepted) == (2, 0)
    assert any(line.startswith("| 0.45 |") for line in lines(report))


def test_one_person_is_no_measurement(tmp_path):
    """With nobody to tell apart the program says what it expected, and fails."""
    run = subprocess.run(
        [sys.executable, "-m", "appliance.faces.report", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert "expected folders of two people or more" in run.stderr


@pytest.mark.measured
def test_no_impostor_of_the_measuring_set_is_accepted():
    """Of 660 log-ins of somebody else none is accepted; of one's own at least 95 in 100."""
    own, impostors = measure(Path(os.environ["EXAMHALL_FACES"])).logins
    assert impostors.checks == 660
    assert impostors.accepted == 0
    assert own.accepted >= 0.95 * own.checks
