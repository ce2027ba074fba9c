"""What the central office holds, read by opening its store: nobody is asked.

Read only; the office may be writing meanwhile. See `central.store` for the tables.
"""

import contextlib
from collections import defaultdict
from pathlib import Path

import msgspec

from central.layout import Layout, parse_parcel_name
from central.messages import Language
from central.store import reading
from central.store.tables import Connection
from exam.paper import Response
from protocol.decisions import Decision, IdentityDecided
from protocol.envelope import Envelope, unsafe_payload
from protocol.journal import Answered, decode_event
from protocol.values import decode, encode, sha256_hex
from runtime.database import open_read_only


class HeldAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer event of a verified journal."""

    n: int
    item: str
    digest: str


class LaneHeld(msgspec.Struct, kw_only=True):
    """Parcels of one lane; bytes as they came."""

    parcels: int = 0
    bytes: int = 0


class FaceDecision(msgspec.Struct, frozen=True, kw_only=True):
    """Who a candidate was taken for, and by whom; ``distance`` in thousandths, -1 none."""

    candidate: str
    method: str
    accepted: bool
    withheld: bool
    distance: int
    by: str


class OfficeHolds(msgspec.Struct, frozen=True, kw_only=True):
    """All that the drill compares."""

    finals: dict[str, dict[str, str]]
    """By candidate and item, the digest of the response that stands."""
    answers: dict[str, list[HeldAnswer]]
    """By candidate, every answer event in its order."""
    lanes: dict[str, LaneHeld]
    faces: list[FaceDecision]
    accounts: list[str]
    complete: bool
    """Whether every subject that was closed has all its parts."""


def read_office(layout: Layout) -> OfficeHolds:
    """Read the store. Blocks."""
    with contextlib.closing(open_read_only(layout.store)) as connection:
        accounts = [account for _, account in reading.accounts(connection)]
        return OfficeHolds(
            finals=_finals(connection),
            answers=_answers(connection),
            lanes=_lanes(layout.parcels),
            faces=_faces(connection),
            accounts=[account.show("en") for account in accounts],
            complete=bool(accounts) and all(account.is_complete for account in accounts),
        )


def account_sentences(layout: Layout, language: Language) -> list[str]:
    """Return the office's sentence on each closed subject. Blocks."""
    with contextlib.closing(open_read_only(layout.store)) as connection:
        return [account.show(language) for _, account in reading.accounts(connection)]


def account_is_complete(layout: Layout) -> bool:
    """Say whether the office has all of every closed subject. Blocks."""
    if not layout.store.exists():
        return False
    with contextlib.closing(open_read_only(layout.store)) as connection:
        accounts = [account for _, account in reading.accounts(connection)]
    return bool(accounts) and all(account.is_complete for account in accounts)


def _finals(connection: Connection) -> dict[str, dict[str, str]]:
    finals: dict[str, dict[str, str]] = defaultdict(dict)
    for held in reading.responses(connection):
        finals[held.candidate][held.item] = held.digest
    return dict(finals)


def _answers(connection: Connection) -> dict[str, list[HeldAnswer]]:
    rows = connection.execute(
        "SELECT s.candidate, e.body FROM event e JOIN session s ON s.id = e.session "
        "ORDER BY s.candidate, e.epoch, e.n"
    )
    found: dict[str, list[HeldAnswer]] = defaultdict(list)
    for candidate, body in rows:
        event = decode_event(bytes(body))
        if isinstance(event, Answered):
            held = HeldAnswer(n=event.n, item=event.item, digest=response_digest(event.response))
            found[candidate].append(held)
    return dict(found)


def _lanes(folder: Path) -> dict[str, LaneHeld]:
    lanes: dict[str, LaneHeld] = defaultdict(LaneHeld)
    for path in sorted(folder.rglob("*.parcel")):
        key = parse_parcel_name(path.name)
        if key is not None:
            lanes[key.lane.value].parcels += 1
            lanes[key.lane.value].bytes += path.stat().st_size
    return dict(lanes)


def _faces(connection: Connection) -> list[FaceDecision]:
    found = []
    for (text,) in connection.execute("SELECT envelope FROM decision ORDER BY generation, n"):
        decision = decode(unsafe_payload(decode(text.encode(), Envelope)), Decision)
        if isinstance(decision.what, IdentityDecided):
            found.append(
                FaceDecision(
                    candidate=decision.candidate or "",
                    method=decision.what.method,
                    accepted=decision.what.accepted,
                    withheld=decision.what.withheld,
                    distance=decision.what.distance,
                    by=decision.by or "",
                )
            )
    return found


def response_digest(response: Response) -> str:
    """Return the digest by which a response is compared: SHA-256 of its one encoding."""
    return sha256_hex(encode(response))
