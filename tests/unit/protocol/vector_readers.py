"""What a reader does with a vector of each format. See `docs/formats.md`.

A reader takes the vector's input and keys, and returns what the vector's output holds, or
raises a `ProtocolError`. Nothing here knows how the vectors were made.
"""

import base64
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from exam.order import OutlineItem, draw_order
from protocol import (
    amendment,
    bundle,
    closing,
    codes,
    decisions,
    grant,
    journal,
    log_entries,
    office_receipt,
    parcel,
    receipt,
    revocation,
    sealed_paper,
    segment,
    staff_api,
)
from protocol import checkpoint as notes
from protocol.envelope import Envelope, pae, verify
from protocol.errors import MalformedError
from protocol.keys import VerifyKey
from protocol.merkle import MerkleTree, check_consistency, check_inclusion, leaf_hash
from protocol.paper_file import read_paper_file
from protocol.payload_types import PayloadType
from protocol.sealing import SealingIdentity
from protocol.values import decode, sha256_hex

FOLDER: Final = Path(__file__).parents[2] / "vectors"


class Vector(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A vector's file."""

    about: str
    format: str
    expects: str
    input: dict[str, Any]
    source: str = ""
    keys: dict[str, dict[str, str]] = {}
    output: Any = None

    def public(self, name: str) -> VerifyKey:
        """Return the public key that the input calls ``name``, out of the head."""
        return VerifyKey.from_hex(self.keys[self.input[name]]["public"])

    def identity(self, name: str) -> SealingIdentity:
        """Return the age identity that the input calls ``name``, out of the head."""
        return SealingIdentity.parse(self.keys[self.input[name]]["identity"])

    def as_type(self, value: Any, wanted: Any) -> Any:
        """Return a part of the input as the type that came over the wire."""
        return decode(json.dumps(value).encode(), wanted)

    def envelopes(self, name: str = "envelopes") -> list[Envelope]:
        """Return the input's envelopes."""
        return cast("list[Envelope]", self.as_type(self.input[name], list[Envelope]))


def paths() -> list[Path]:
    """Return every vector's file."""
    return sorted(FOLDER.glob("*/*.json"))


def load(path: Path) -> Vector:
    """Read a vector's file."""
    return msgspec.json.decode(path.read_bytes(), type=Vector)


def read(vector: Vector) -> Any:
    """Return what the vector's format is read as, as plain JSON."""
    return json.loads(msgspec.json.encode(READERS[vector.format](vector)))


# --- keys, envelopes, signed statements -----------------------------------------------------


def _key(v: Vector) -> Any:
    return {"id": VerifyKey.from_hex(v.input["public"]).id}


def _pae(v: Vector) -> Any:
    return {"pae": pae(v.input["payloadType"], v.input["payload"].encode()).decode()}


def _envelope(v: Vector) -> Any:
    envelope = v.as_type(v.input["envelope"], Envelope)
    payload = verify(envelope, PayloadType(v.input["payload_type"]), [v.public("signer")])
    return {"payload": payload.decode(), "digest": envelope.digest}


def _statements(open_one: Callable[[Envelope, VerifyKey], Any]) -> Callable[[Vector], Any]:
    def reader(v: Vector) -> Any:
        key = v.public("signer")
        return [{"value": open_one(e, key), "digest": e.digest} for e in v.envelopes()]

    return reader


# --- the journal ----------------------------------------------------------------------------


def _events(v: Vector) -> Any:
    return [journal.decode_event(text.encode()) for text in v.input["texts"]]


def _chain(v: Vector) -> Any:
    links = [journal.first_link(v.input["grant_digest"])]
    for event in v.input["events"]:
        links.append(journal.next_link(links[-1], event.encode()))
    return {"links": links}


def _batch(v: Vector) -> Any:
    granted = grant.open_grant(v.as_type(v.input["grant"], Envelope), v.public("box"))
    batch = decode(v.input["batch"].encode(), journal.Batch)
    stands = v.as_type(v.input["acknowledged"], grant.Position)
    extension = journal.check_batch(batch, granted, stands)
    return {"new": [event.n for event, _ in extension.events], "position": extension.position}


# --- the log --------------------------------------------------------------------------------


def _log_entries(v: Vector) -> Any:
    bodies = [text.encode() for text in v.input["texts"]]
    return [{"value": log_entries.decode_entry(b), "hash": leaf_hash(b).hex()} for b in bodies]


def _merkle_root(v: Vector) -> Any:
    tree = MerkleTree(leaf_hash(bytes.fromhex(leaf)) for leaf in v.input["leaves"])
    return {"roots": [tree.root(size).hex() for size in range(len(tree) + 1)]}


def _hashes(texts: Iterable[str]) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]


def _inclusion(v: Vector) -> Any:
    i = v.input
    leaf = leaf_hash(bytes.fromhex(i["leaf"]))
    check_inclusion(leaf, i["index"], i["size"], _hashes(i["proof"]), bytes.fromhex(i["root"]))


def _consistency(v: Vector) -> Any:
    i = v.input
    old, new = bytes.fromhex(i["old_root"]), bytes.fromhex(i["new_root"])
    check_consistency(i["old"], old, i["new"], new, _hashes(i["proof"]))


def _checkpoint(v: Vector) -> Any:
    found = notes.open_checkpoint(v.input["note"], v.input["origin"], v.public("signer"))
    return {"size": found.size, "root": found.root.hex()}


def _cosignature(v: Vector) -> Any:
    i = v.input
    return {
        "unix_seconds": notes.check_cosignature(i["note"], i["line"], i["name"], v.public("signer"))
    }


def _receipt(v: Vector) -> Any:
    envelope = v.as_type(v.input["envelope"], Envelope)
    value = receipt.open_receipt(envelope, v.public("box"), v.public("log"))
    return {"value": value, "digest": envelope.digest, "code": receipt.receipt_code(envelope)}


# --- codes, age, the paper ------------------------------------------------------------------


def _order(v: Vector) -> Any:
    items = v.as_type(v.input["outline"], tuple[OutlineItem, ...])
    return {"orders": [draw_order(items, seed) for seed in v.input["seeds"]]}


def _paper_file(v: Vector) -> Any:
    paper, assets = read_paper_file(_bytes(v.input["file"]))
    return {"paper": paper, "assets": {name: _base64(data) for name, data in assets.items()}}


def _unlock_code(v: Vector) -> Any:
    return {"code": codes.unlock_code_from(bytes.fromhex(v.input["random"]))}


def _receipt_code(v: Vector) -> Any:
    return {"code": codes.receipt_code_from(bytes.fromhex(v.input["digest"]))}


def _code(v: Vector) -> Any:
    return {"code": codes.read_code(v.input["typed"], v.input["groups"])}


def _code_identity(v: Vector) -> Any:
    i = v.input
    found = sealed_paper.derive_code_identity(i["code"], i["salt"], i["n"])
    return {"identity": found.dangerous_text(), "recipient": found.recipient}


def _age(v: Vector) -> Any:
    return {"plain": _base64(v.identity("identity").open(_bytes(v.input["sealed"])))}


def _paper_key(v: Vector) -> Any:
    identities = [
        sealed_paper.derive_code_identity(c["code"], c["salt"], c["n"]) for c in v.input["codes"]
    ]
    sealed, recipient = _bytes(v.input["sealed"]), v.input["recipient"]
    found = sealed_paper.open_paper_key(sealed, v.identity("box"), identities, recipient)
    return {"identity": found.dangerous_text()}


# --- segments and parcels -------------------------------------------------------------------


def _segment(v: Vector) -> Any:
    found = []
    n, digest = 0, segment.FIRST
    for envelope, text in zip(v.envelopes("manifests"), v.input["sealed"], strict=False):
        manifest = segment.open_manifest(envelope, v.public("signer"))
        segment.check_follows(manifest, n, digest)
        if not segment.check_sealed(manifest, _bytes(text)):
            raise MalformedError("the sealed bytes are not those of the manifest")
        n, digest = manifest.n, segment.manifest_digest(envelope)
        found.append({"digest": digest, "complete": manifest.complete})
    return found


def _parcel(v: Vector) -> Any:
    file, after = _bytes(v.input["file"]), v.input["after"]
    envelope, offset = parcel.read_header_line(file)
    header = parcel.open_header(envelope, v.public("box"))
    sealed = file[offset:]
    parcel.check_sealed(header, sha256_hex(sealed), len(sealed))
    parcel.check_follows(header, after["n"], after["digest"])
    contents, blobs = parcel.open_contents(header, sealed, v.identity("office"))
    return {
        "file_name": header.key.file_name,
        "digest": parcel.parcel_digest(envelope),
        "header": header,
        "contents": contents,
        "blobs": {digest: _base64(blob) for digest, blob in blobs.items()},
    }


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _base64(data: bytes | memoryview) -> str:
    return base64.b64encode(data).decode()


READERS: Final[dict[str, Callable[[Vector], Any]]] = {
    "key": _key,
    "pae": _pae,
    "envelope": _envelope,
    "grant": _statements(grant.open_grant),
    "head": _statements(journal.open_head),
    "acknowledgement": _statements(journal.open_acknowledgement),
    "decision": _statements(decisions.open_decision),
    "staff_act": _statements(staff_api.open_act),
    "closing": _statements(closing.open_closing),
    "office_receipt": _statements(office_receipt.open_office_receipt),
    "amendment": _statements(amendment.open_amendment),
    "bundle": _statements(bundle.open_bundle),
    "revocations": _statements(revocation.open_revocations),
    "event": _events,
    "chain": _chain,
    "batch": _batch,
    "log_entry": _log_entries,
    "merkle_root": _merkle_root,
    "inclusion": _inclusion,
    "consistency": _consistency,
    "checkpoint": _checkpoint,
    "cosignature": _cosignature,
    "receipt": _receipt,
    "order": _order,
    "paper_file": _paper_file,
    "unlock_code": _unlock_code,
    "receipt_code": _receipt_code,
    "code": _code,
    "code_identity": _code_identity,
    "age": _age,
    "paper_key": _paper_key,
    "segment": _segment,
    "parcel": _parcel,
}
