"""Telling systemd how we are: ready, stopping, alive (sd_notify(3), datagrams of lines)."""

import logging
import os
import socket

log = logging.getLogger(__name__)


def notify(*lines: str) -> bool:
    """Send lines such as ``READY=1`` to the socket that systemd named; False without systemd."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):  # a name of the abstract kind
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.sendto("\n".join(lines).encode(), address)
    except OSError as error:
        log.warning("systemd did not take %s: %s", lines[0], error)
        return False
    return True


def watchdog_interval() -> float | None:
    """Return how often, in seconds, systemd wants to hear from us; None if it does not.

    Half of what it set, as sd_watchdog_enabled(3) advises.
    """
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    microseconds = int(os.environ.get("WATCHDOG_USEC", "0"))
    return microseconds / 2_000_000 if microseconds > 0 else None
