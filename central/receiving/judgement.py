"""Is this file a parcel of a box that we know? Pure: facts in, a typed outcome out."""

from dataclasses import dataclass
from enum import StrEnum

from central.registry import Box, Registry
from protocol.errors import ProtocolError
from protocol.parcel import (
    ParcelHeader,
    ParcelKey,
    check_sealed,
    open_header,
    parcel_digest,
    read_header_line,
    unsafe_header,
)


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """What was measured of a file that arrived whole. ``start`` holds the header line."""

    start: bytes
    sha256: str
    size: int
    sealed_sha256: str
    sealed_size: int


@dataclass(frozen=True, kw_only=True)
class Genuine:
    """A parcel that a known box signed; ``digest`` is `protocol.parcel.parcel_digest`."""

    header: ParcelHeader
    digest: str
    box: Box


class Fault(StrEnum):
    """Why a file is not taken; stable codes for operators."""

    NOT_A_PARCEL = "C410"
    UNKNOWN_BOX = "C420"
    BAD_SIGNATURE = "C430"
    ALTERED = "C440"
    FORK = "C450"


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A file that is not taken, and why."""

    fault: Fault
    message: str


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A parcel that lies durably in the catalogue; ``again`` if it did before."""

    key: ParcelKey
    digest: str
    again: bool


Outcome = Taken | Refused


def judge(facts: FileFacts, registry: Registry) -> Genuine | Refused:
    """Say whether the file is a genuine parcel.

    1. It begins as a parcel does.
    2. It names a box that the office has issued.
    3. That box signed the header.
    4. The sealed bytes are those that the header signs.
    """
    # 1
    try:
        envelope, _ = read_header_line(facts.start)
        claimed = unsafe_header(envelope)
    except ProtocolError as error:
        return Refused(fault=Fault.NOT_A_PARCEL, message=str(error))
    # 2
    key = claimed.key
    box = registry.box(key.centre, key.sitting, key.appliance)
    if box is None:
        return Refused(
            fault=Fault.UNKNOWN_BOX,
            message=(
                f"expected a box of an enrolled bundle; got {key.appliance!r} of "
                f"{key.centre}, sitting {key.sitting}: enrol its bundle, then send again"
            ),
        )
    # 3
    try:
        header = open_header(envelope, box.key)
    except ProtocolError as error:
        return Refused(fault=Fault.BAD_SIGNATURE, message=str(error))
    # 4
    try:
        check_sealed(header, facts.sealed_sha256, facts.sealed_size)
    except ProtocolError as error:
        return Refused(fault=Fault.ALTERED, message=str(error))
    return Genuine(header=header, digest=parcel_digest(envelope), box=box)


def fork(header: ParcelHeader, digest: str, kept: str) -> Refused:
    """Return the refusal of a second parcel under a key that is taken."""
    return Refused(
        fault=Fault.FORK,
        message=(
            f"{header.key.file_name}: expected the parcel {kept[:16]}... that is here under this "
            f"key; got {digest[:16]}...: a person must look, both are kept"
        ),
    )
