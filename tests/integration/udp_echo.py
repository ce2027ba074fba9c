"""A line to measure by: ``serve`` answers datagrams, ``ask`` counts and times the answers.

``ask ADDRESS COUNT SIZE`` prints JSON ``{"answered": n, "slowest_s": seconds}``.
"""

import json
import socket
import sys
import time

PORT = 7007


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def serve() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("0.0.0.0", PORT))
        say("ready")
        while True:
            datagram, sender = line.recvfrom(65535)
            line.sendto(datagram, sender)


def ask(address: str, count: int, size: int) -> None:
    answered = 0
    began = last = time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.settimeout(0.6)
        for _ in range(count):
            try:
                line.sendto(b"x" * size, (address, PORT))
            except OSError:
                break
        try:
            while answered < count:
                line.recv(65535)
                answered += 1
                last = time.monotonic()
        except OSError:
            pass  # what has not come by now is what was lost
    say(json.dumps({"answered": answered, "slowest_s": last - began}))


if __name__ == "__main__":
    serve() if sys.argv[1] == "serve" else ask(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
