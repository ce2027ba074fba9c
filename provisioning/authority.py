"""What the office issues to others: centres, boxes, staff; and what it takes back.

::

    add_centre(office, "beijing-01", "北京一考点", root_passphrase, now)
    identity = add_appliance(office, "beijing-01", "main", "r1", now)   # goes to the box
    key_file = add_staff(office, "beijing-01", member, passphrase, now) # goes to the person

Private keys of boxes and staff leave in what is returned and are kept nowhere here: a
box or key that is lost is revoked and made anew.
"""

import datetime as dt
from collections.abc import Callable
from typing import Final, Literal

from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from exam.identifiers import parse
from protocol.bundle import Appliance, StaffMember
from protocol.decisions import MACHINE
from protocol.envelope import Envelope
from protocol.identities import BoxIdentity
from protocol.keys import SigningKey
from protocol.revocation import RevocationList, sign_revocations
from protocol.sealing import SealingIdentity
from provisioning import certificates, messages
from provisioning.certificates import pem
from provisioning.errors import AlreadyThereError, ProvisioningError
from provisioning.keyfiles import Passphrase, dangerous_pem, encrypted_pem
from provisioning.office import Office, check_name

StaffRole = Literal["invigilator", "chief", "quality"]
ROLES: Final = ("invigilator", "chief", "quality")


def milliseconds(moment: dt.datetime) -> int:
    """Return a moment as hall time counts it."""
    return int(moment.timestamp() * 1000)


def add_centre(
    office: Office, centre: str, title: str, root_passphrase: Passphrase, now: dt.datetime
) -> None:
    """Make a centre's CA from the root; raise `AlreadyThereError` on a live namesake."""
    check_name("centre", parse("centre", centre), certificates.LONGEST_ID)
    if office.catalogue.is_live("centre", centre, ""):
        raise AlreadyThereError(messages.NAME_TAKEN, kind="centre", name=centre)
    root = office.root(root_passphrase)
    ca = certificates.make_centre_ca(root, centre, ec.generate_private_key(ec.SECP256R1()), now)
    office.write_ca(centre, ca)
    with office.catalogue.transaction():
        mark = certificates.fingerprint(ca.certificate)
        office.catalogue.add_issued(mark, "centre", centre, "", milliseconds(now))
        office.catalogue.add_centre(centre, title)


def add_appliance(
    office: Office,
    centre: str,
    appliance: str,
    room: str,
    now: dt.datetime,
    *,
    spare: bool = False,
    keep: Callable[[BoxIdentity], None] = lambda _: None,
) -> BoxIdentity:
    """Make a box and return its identity, which is kept nowhere else.

    ``keep`` puts it on a disk; where that raises, no box was made. Main and spare have keys
    of their own and the centre's CA in common.
    Raises `AlreadyThereError` while a box of this name counts: revoke it first.
    """
    parse("appliance", appliance)
    parse("room", room)
    ca = office.centre_ca(centre)
    if office.catalogue.is_live("appliance", appliance, centre):
        raise AlreadyThereError(messages.NAME_TAKEN, kind="appliance", name=appliance)
    tls = ec.generate_private_key(ec.SECP256R1())
    certificate = certificates.certify_server(
        ca,
        appliance,
        [certificates.box_host(appliance, centre)],
        tls.public_key(),
        now,
        also_client=True,
    )
    box, log, age = SigningKey.generate(), SigningKey.generate(), SealingIdentity.generate()
    public = Appliance(
        id=appliance,
        room=room,
        spare=spare,
        box_key=box.public.hex,
        log_key=log.public.hex,
        age_recipient=age.recipient,
        tls_certificate=certificates.fingerprint(certificate),
    )
    identity = BoxIdentity(
        appliance=appliance,
        centre=centre,
        box_key=box.dangerous_seed().hex(),
        log_key=log.dangerous_seed().hex(),
        age_identity=age.dangerous_text(),
        tls_chain=pem(certificate, ca.certificate),
        tls_key=dangerous_pem(tls),
        centre_certificate=pem(ca.certificate),
        centre_key=dangerous_pem(ca.key),
        root_certificate=office.root_pem,
    )
    with office.catalogue.transaction():
        office.catalogue.add_issued(
            public.tls_certificate, "appliance", appliance, centre, milliseconds(now)
        )
        office.catalogue.put_appliance(centre, public)
        keep(identity)
    return identity


def add_staff(
    office: Office,
    centre: str,
    *,
    member: str,
    name: str,
    role: StaffRole,
    passphrase: Passphrase,
    now: dt.datetime,
    keep: Callable[[bytes], None] = lambda _: None,
) -> bytes:
    """Make a key for a member of staff; return its file, encrypted under their passphrase.

    ``keep`` puts it on a disk; where that raises, no key was made.
    """
    if parse("staff", member) == MACHINE:
        raise ProvisioningError(messages.NAME_KEPT, name=member)
    office.catalogue.check_centre(centre)
    key = ed25519.Ed25519PrivateKey.generate()
    data = encrypted_pem(key, passphrase)
    public = SigningKey(key).public
    with office.catalogue.transaction():
        office.catalogue.add_issued(public.id, "staff", member, centre, milliseconds(now))
        office.catalogue.put_staff(
            centre, StaffMember(id=member, name=name, role=role, key=public.hex), public.id
        )
        keep(data)
    return data


def revoke(office: Office, kind: str, name: str, centre: str, reason: str, now: dt.datetime) -> str:
    """Take back a certificate or staff key by name; return its fingerprint."""
    return office.catalogue.revoke(kind, name, centre, milliseconds(now), reason)


def revocation_list(office: Office, now: dt.datetime) -> Envelope:
    """Return everything that was revoked, signed; its number is how many there are."""
    revoked = office.catalogue.revocations()
    return sign_revocations(
        RevocationList(
            office=office.record.id,
            n=len(revoked),
            issued_at=milliseconds(now),
            revocations=revoked,
        ),
        office.signing_key(),
    )
