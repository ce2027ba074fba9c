"""The hall that all vectors speak of: one box, one seat, one candidate, one session."""

from typing import Any

import msgspec

from exam.paper import Chosen, Filled, ItemOrder, Written
from protocol import journal as j
from protocol.envelope import Envelope, sign
from protocol.grant import Grant, Position, sign_grant
from protocol.keys import SigningKey
from protocol.payload_types import PayloadType
from protocol.sealing import SealingIdentity
from protocol.values import encode
from tests.vectors.making.fixed_age import fixed_bytes

CENTRE, SITTING, SUBJECT = "sz-07", "ksj-2026-09", "theory"
APPLIANCE, ROOM, SEAT, CANDIDATE = "box-1", "room-1", "a-07", "c-0001"
NINE_O_CLOCK = 1_789_779_600_000
"""2026-09-19 09:00 in Shanghai, hall time in ms."""

BOX = SigningKey.from_seed(fixed_bytes("box key"))
LOG = SigningKey.from_seed(fixed_bytes("log key"))
SPARE = SigningKey.from_seed(fixed_bytes("spare box key"))
SESSION_KEY = SigningKey.from_seed(fixed_bytes("session key, epoch 1"))
SESSION_KEY_2 = SigningKey.from_seed(fixed_bytes("session key, epoch 2"))
SEAT_KEY = SigningKey.from_seed(fixed_bytes("seat key"))
STAFF = SigningKey.from_seed(fixed_bytes("staff key"))
OFFICE = SigningKey.from_seed(fixed_bytes("office signing key"))
OFFICE_RECEIPTS = SigningKey.from_seed(fixed_bytes("office receipts key"))
OPENING = SealingIdentity.from_seed(fixed_bytes("office opening key"))
BOX_AGE = SealingIdentity.from_seed(fixed_bytes("box age identity"))
SPARE_AGE = SealingIdentity.from_seed(fixed_bytes("spare box age identity"))
PAPER_KEY = SealingIdentity.from_seed(fixed_bytes("P"))

SESSION = fixed_bytes("session", 16).hex()
PAPER_DIGEST = fixed_bytes("the paper's plain text").hex()


def digest_named(name: str) -> str:
    """Return a digest of something that is not shown."""
    return fixed_bytes(name).hex()


def id_named(name: str) -> str:
    return fixed_bytes(name, 16).hex()


GRANT = Grant(
    appliance=APPLIANCE,
    generation=1,
    centre=CENTRE,
    sitting=SITTING,
    subject=SUBJECT,
    room=ROOM,
    seat=SEAT,
    candidate=CANDIDATE,
    session=SESSION,
    epoch=1,
    seat_certificate=digest_named("certificate of seat a-07"),
    session_key=SESSION_KEY.public.hex,
    previous=None,
    order_seed=id_named("order"),
    order=(
        ItemOrder(item="q2", options=("c", "a", "d", "b")),
        ItemOrder(item="q1", options=("true", "false")),
        ItemOrder(item="q3"),
    ),
    granted_at=NINE_O_CLOCK - 600_000,
)
GRANT_ENVELOPE = sign_grant(GRANT, BOX)
START = j.start_position(GRANT, GRANT_ENVELOPE.digest)


def moment(n: int) -> dict[str, int]:
    """Return number and times of event ``n``."""
    return {"n": n, "hall": NINE_O_CLOCK + 1_000 * n, "mono": 7_200_000 + 1_000 * n}


EVENTS: tuple[j.Event, ...] = (
    j.Started(**moment(1), boot=id_named("boot"), agent="0.1.0"),
    j.Consented(**moment(2), faces=True, recording=True),
    j.OwnData(**moment(3), right=True),
    j.RulesRead(**moment(4), rules=digest_named("rules")),
    j.Entered(**moment(5), paper=PAPER_DIGEST),
    j.Placed(**moment(6), item="q2"),
    j.Answered(**moment(7), item="q2", response=Chosen(options=("b",))),
    j.Answered(**moment(8), item="q4", response=Filled(blanks={"x": "二氧化碳", "y": ""})),
    j.Answered(
        **moment(9),
        item="q5",
        response=Written(text='碳达峰："2030"\n\t\\ 𠮷 é é \u007f\u0001 <a>&amp;/'),
    ),
    j.Marked(**moment(10), item="q5", on=True),
    j.HandedIn(
        **moment(11), automatic=False, provisional=False, answered=3, marked=1, unanswered=0
    ),
)
"""One candidate's way, from the start of the agent to the hand-in."""

BODIES = tuple(j.encode_event(event) for event in EVENTS)


def links() -> list[str]:
    """Return the chain: link 0 and one after each event."""
    found = [START.head]
    for body in BODIES:
        found.append(j.next_link(found[-1], body))
    return found


LINKS = links()


def position(n: int) -> Position:
    return Position(epoch=1, n=n, head=LINKS[n])


def head(n: int, **changes: Any) -> Envelope:
    """Return the signed head after event ``n``."""
    key = changes.pop("key", SESSION_KEY)
    fields = {"session": SESSION, "epoch": 1, "n": n, "head": LINKS[n]} | changes
    return sign(PayloadType.HEAD, j.Head(**fields), key)


def batch(first: int, last: int, **changes: Any) -> j.Batch:
    """Return the events ``first`` to ``last`` with the head after them."""
    fields = {
        "session": SESSION,
        "epoch": 1,
        "first": first,
        "events": tuple(msgspec.Raw(body) for body in BODIES[first - 1 : last]),
        "head": head(last),
    }
    return j.Batch(**(fields | changes))


def acknowledgement(n: int, key: SigningKey = BOX) -> Envelope:
    """Return the box's word for event ``n``."""
    word = j.Acknowledgement(
        appliance=APPLIANCE,
        generation=1,
        session=SESSION,
        epoch=1,
        n=n,
        head=LINKS[n],
        at=NINE_O_CLOCK + 1_000 * n + 40,
    )
    return sign(PayloadType.ACKNOWLEDGEMENT, word, key)


GRANT_2 = msgspec.structs.replace(
    GRANT,
    seat="b-12",
    epoch=2,
    seat_certificate=digest_named("certificate of seat b-12"),
    session_key=SESSION_KEY_2.public.hex,
    previous=position(9),
    granted_at=NINE_O_CLOCK + 900_000,
)


def wire(value: object) -> str:
    """Return what goes over the wire, as text."""
    return encode(value).decode()
