"""`docs/formats.md` says what the code does."""

import re

import pytest

from protocol import checkpoint, envelope, journal, parcel, segment
from protocol.payload_types import PayloadType
from tests.unit.protocol import format_tables
from tests.unit.protocol.format_tables import block, render

PAGE = format_tables.PAGE.read_text("utf-8")


@pytest.mark.parametrize("section", sorted(render()))
def test_the_fields_are_those_of_the_types(section: str) -> None:
    """Each block of fields is as the types have it; run `tests.unit.protocol.format_tables`."""
    assert block(render()[section]) in PAGE


def test_every_payload_type_has_its_row() -> None:
    """The table of payload types is whole, and holds nothing else."""
    rows = re.findall(r"^\| `([a-z-]+)` \| `[A-Z]\w+` \|", PAGE, re.MULTILINE)
    names = [kind.value.split("vnd.examhall.")[1].split(".v1+")[0] for kind in PayloadType]
    assert sorted(rows) == sorted(names)
    assert "`application/vnd.examhall.NAME.v1+json+ed25519`" in PAGE


def test_the_limits_are_those_of_the_code() -> None:
    """Each limit that a reader enforces stands in the page."""
    kib, mib = 1024, 1024 * 1024
    for row in (
        f"| payload of an envelope | {envelope.MAX_PAYLOAD // mib} MiB |",
        f"| signatures of an envelope | {envelope.MAX_SIGNATURES} |",
        f"| event | {journal.MAX_EVENT // kib} KiB |",
        f"| {journal.MAX_BATCH}, together {journal.MAX_BATCH_BYTES // mib} MiB |",
        f"| signed note | {checkpoint.MAX_NOTE} characters |",
        f"| header line of a parcel | {parcel.MAX_HEADER_LINE // kib} KiB |",
        f"before compression | {parcel.MAX_PLAIN // mib} MiB |",
        f"| {segment.MAX_SEALED // mib} MiB, {segment.MAX_DURATION_MS // 60_000} minutes |",
    ):
        assert row in PAGE, row
