"""What a seat believes of a hall: each step of the proof, and what breaks it."""

import datetime as dt
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from msgspec.structs import replace

from protocol.bundle import sign_bundle
from protocol.certificates import Role
from protocol.decisions import Paused, open_decision
from protocol.errors import UntrustedError
from protocol.keys import SigningKey
from protocol.seat_api import HallInfo
from terminal_agent.trust import TrustedHall, opened_by_any, trust
from tests.seat_hall import DOORS, Keys, SampleHall

HALL = SampleHall()


def name(unit: str = "") -> x509.Name:
    """Return a name with the role that a certificate is for."""
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, "sample")]
    if unit:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit))
    return x509.Name(parts)


def certificate(root: Ed25519PrivateKey, key: SigningKey | None = None, unit: str = "") -> str:
    """Return a certificate by ``root`` for ``key``; the root's own without one."""
    hall = dt.datetime.fromtimestamp(DOORS / 1000, dt.UTC)
    public = root.public_key()
    if key is not None:
        public = Ed25519PrivateKey.from_private_bytes(key.dangerous_seed()).public_key()
    made = (
        x509.CertificateBuilder()
        .subject_name(name(unit))
        .issuer_name(name())
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(hall - dt.timedelta(days=1))
        .not_valid_after(hall + dt.timedelta(days=1))
        .sign(root, None)
    )
    return made.public_bytes(Encoding.PEM).decode()


OFFICE = Role.OFFICE.value
OTHER_ROOT = Ed25519PrivateKey.generate()
ROOT = Ed25519PrivateKey.generate()
ROOT_PEM = certificate(ROOT)


def shown(hall: SampleHall = HALL, **other: Any) -> HallInfo:
    """Return what the box shows; ``other`` replaces what is right."""
    right = replace(
        hall.trusted().info, office_certificate=certificate(ROOT, hall.keys.office, OFFICE)
    )
    return replace(right, **other)


def believed(
    info: HallInfo, *, seat: str = "a01", before: TrustedHall | None = None
) -> TrustedHall:
    """Return what a seat with our root makes of it."""
    return trust(info, ROOT_PEM, seat, before)


def test_what_the_office_signed_is_believed() -> None:
    """Keys, place and paper follow from the bundle alone."""
    hall = believed(shown())
    assert hall.box_key == HALL.keys.box.public
    assert (hall.seat.label, hall.room.title) == ("A01", "第一考场")
    assert hall.papers == (HALL.paper,)
    assert hall.log_origin.startswith(hall.logs)


@pytest.mark.parametrize(
    "info",
    [
        shown(office_certificate=certificate(OTHER_ROOT, HALL.keys.office, OFFICE)),
        shown(office_certificate=certificate(ROOT, HALL.keys.office, "staff")),
        shown(bundle=sign_bundle(HALL.manifest(), SigningKey.generate())),
        shown(appliance="box-9"),
        shown(rule_book="name = 'another'"),
        shown(hall_time=DOORS + 5 * 86_400_000),
    ],
    ids=["another root", "another role", "another signer", "unknown box", "rule book", "expired"],
)
def test_nothing_else_is(info: HallInfo) -> None:
    """Each step of the proof is needed."""
    with pytest.raises(UntrustedError):
        believed(info)


def test_a_seat_that_the_bundle_does_not_know_is_told_so() -> None:
    """The machine was paired for another sitting's seats."""
    with pytest.raises(UntrustedError, match="seat b77"):
        believed(shown(), seat="b77")


def test_no_older_revision_of_the_same_sitting() -> None:
    """Of another sitting the revisions count anew."""
    newer = believed(
        shown(bundle=sign_bundle(replace(HALL.manifest(), revision=2), HALL.keys.office))
    )
    with pytest.raises(UntrustedError, match="revision 1"):
        believed(shown(), before=newer)
    other = SampleHall(HALL.keys, sitting="s-2")
    assert believed(shown(other), before=newer).sitting.id == "s-2"


def test_what_is_kept_opens_with_the_key_of_any_box_of_the_bundle() -> None:
    """A spare box may have signed it; a stranger may not."""
    spare = Keys()
    made = SampleHall(spare).decision(Paused(reason="x"))
    keys = [HALL.keys.box.public, spare.box.public]
    assert opened_by_any(open_decision, made, keys).what == Paused(reason="x")
    with pytest.raises(UntrustedError):
        opened_by_any(open_decision, made, keys[:1])
