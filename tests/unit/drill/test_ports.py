"""Ports that halls on one machine do not take from each other."""

import subprocess
import sys

from drill import ports
from drill.ports import free_port


def test_a_port_that_was_given_is_given_to_nobody_else() -> None:
    """Not again here, and not in another process, though nobody listens there yet."""
    given = free_port()
    assert ports._is_free(given)
    assert not ports._is_ours(given)
    program = f"from drill import ports; print(ports._is_free({given}), ports._is_ours({given}))"
    other = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60
    )
    assert other.stdout.split() == ["True", "False"]
