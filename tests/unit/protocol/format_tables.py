"""The field lists of `docs/formats.md`, as the types themselves have them.

One line a type: ``Name`` or ``Name = tag``, then its fields in the order of the encoding, each
with a letter for its form::

    Position: epoch O, head D, n N

``python -m tests.unit.protocol.format_tables`` writes them into the page.
"""

import re
import types
from collections.abc import Iterable
from typing import Any, Union, get_args, get_origin

import msgspec

from exam.candidates import Roster
from exam.paper import Paper
from protocol import (
    amendment,
    bundle,
    closing,
    decisions,
    envelope,
    grant,
    journal,
    log_entries,
    office_receipt,
    parcel,
    receipt,
    revocation,
    segment,
    staff_api,
    upload,
)
from tests.source_tree import ROOT

PAGE = ROOT / "docs" / "formats.md"

SECTIONS: dict[str, tuple[Any, ...]] = {
    "envelope": (envelope.Envelope,),
    "grant and journal": (grant.Grant, journal.Head, journal.Batch, journal.Acknowledgement),
    "events": (journal.Event,),
    "decisions": (decisions.Decision,),
    "acts": (staff_api.StaffAct,),
    "log": (log_entries.Entry, receipt.Receipt),
    "paper": (Paper,),
    "bundle": (bundle.BundleManifest, revocation.RevocationList, amendment.Amendment),
    "roster": (Roster,),
    "segments": (segment.SegmentManifest,),
    "parcels": (parcel.ParcelHeader, parcel.ParcelContents),
    "closing and office receipts": (closing.Closing, office_receipt.OfficeReceipt),
    "upload": (upload.ReceiptsPage, upload.ReceiptsFile, upload.Refusal),
}


def render() -> dict[str, list[str]]:
    """Return the lines of each section; a type stands in the first section that needs it."""
    seen: set[type] = set()
    return {name: list(_lines(roots, seen)) for name, roots in SECTIONS.items()}


def _lines(roots: Iterable[Any], seen: set[type]) -> Iterable[str]:
    waiting = [one for root in roots for one in _structs(root)]
    while waiting:
        struct = waiting.pop(0)
        if struct in seen:
            continue
        seen.add(struct)
        yield _line(struct)
        for field in msgspec.structs.fields(struct):
            waiting += [one for one in _structs(field.type) if one not in seen]


def _line(struct: Any) -> str:
    config = struct.__struct_config__
    tag = f" ({config.tag_field} = {config.tag})" if config.tag else ""
    fields = sorted(msgspec.structs.fields(struct), key=lambda field: field.encode_name)
    shown = ", ".join(f"{field.encode_name} {form(field.type)}" for field in fields)
    return f"{struct.__name__}{tag}: {shown or '-'}"


def _structs(kind: Any) -> list[Any]:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return [kind]
    return [found for inner in get_args(kind) for found in _structs(inner)]


def form(kind: Any) -> str:
    """Return how the form of a field is written in the document."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        named = [form(one) for one in inner if one is not type(None)]
        optional = "?" if type(None) in inner else ""
        return (named[0] if len(named) == 1 else _kinds(inner)) + optional
    if origin is tuple:
        return f"[{form(inner[0])}]"
    if origin is dict:
        return f"{{{form(inner[0])}: {form(inner[1])}}}"
    if hasattr(kind, "__metadata__"):
        return _annotated(kind)
    plain = {str: "S", int: "I", bool: "B", msgspec.Raw: "raw"}
    return plain.get(kind) or kind.__name__


def _kinds(inner: tuple[Any, ...]) -> str:
    names = [one.__name__ for one in inner if one is not type(None)]
    return " | ".join(names) if len(names) <= 3 else "one of the following"


def _annotated(kind: Any) -> str:
    meta = kind.__metadata__[0]
    if meta.pattern is not None:
        if "63" not in meta.pattern and "61" not in meta.pattern:
            return {"32": "H", "64": "D"}.get(meta.pattern[-5:-3], "F")
        return "L"
    if meta.le == 2**53 - 1:
        return {0: "N", 1: "O"}.get(meta.ge, "Z")
    return f"{meta.ge}..{meta.le}"


def block(lines: list[str]) -> str:
    """Return a section as it stands in the page."""
    return "```text\n" + "\n".join(lines) + "\n```"


def renewed(page: str) -> str:
    """Return the page with every block of fields written anew."""
    for lines in render().values():
        start = page.index("```text\n" + re.split(r"[ :]", lines[0])[0])
        end = page.index("```", start + 3) + 3
        page = page[:start] + block(lines) + page[end:]
    return page


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text("utf-8")), "utf-8")
