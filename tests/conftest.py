"""What every test can rely on."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Programs that a test starts must run this checkout, whatever is installed.
os.environ["PYTHONPATH"] = str(ROOT)
