"""What the service loads, beside its workers."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys, appliance.faces.process
print({"dlib", "cv2", "numpy", "av"} & set(sys.modules))
"""


def test_the_service_itself_loads_no_picture_libraries():
    """dlib, OpenCV and numpy are in the workers only: 50 MB less, and no lock held."""
    said = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=Path(__file__).parents[4],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == "set()"
