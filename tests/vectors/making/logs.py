"""Vectors of the log: leaves, Merkle trees and proofs, checkpoints, cosignatures, receipts."""

import base64
from collections.abc import Iterator
from typing import Any

import msgspec

from protocol import log_entries as e
from protocol.checkpoint import Checkpoint, cosign, cosigner, origin, sign_checkpoint
from protocol.envelope import Envelope
from protocol.keys import SigningKey
from protocol.merkle import MerkleTree, leaf_hash
from protocol.payload_types import PayloadType
from protocol.receipt import Receipt, receipt_code, sign_receipt
from tests.vectors.making import samples as s
from tests.vectors.making.decisions import signed_fields
from tests.vectors.making.vector import ACCEPTED, Vector, base64_of

ORIGIN = origin(s.CENTRE, s.SITTING, s.APPLIANCE, 1)
SEAT_NAME = cosigner(s.CENTRE, s.SITTING, s.SEAT)

LEAVES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")  # fmt: skip
"""The eight leaves that implementations of Certificate Transparency test with."""
CT = "github.com/transparency-dev/merkle, testonly/constants.go (LeafInputs, RootHashes)"


def make() -> Iterator[Vector]:
    yield from _entries()
    yield from _trees()
    yield from _checkpoints()
    yield from _cosignatures()
    yield from _receipts()


# --- leaves ----------------------------------------------------------------------------------

AT = {"at": s.NINE_O_CLOCK}
RECEIPT_GIVEN = e.ReceiptGiven(
    **AT,
    session=s.SESSION,
    epoch=1,
    n=11,
    head=s.LINKS[11],
    subject=s.SUBJECT,
    candidate=s.CANDIDATE,
)
ENTRIES: tuple[e.Entry, ...] = (
    e.Opened(**AT, appliance=s.APPLIANCE, generation=1, bundle=s.digest_named("bundle"), seen=()),
    e.BundleTaken(**AT, bundle=s.digest_named("bundle 4"), revision=4),
    e.AmendmentTaken(**AT, amendment=s.digest_named("amendment")),
    e.Granted(**AT, grant=s.GRANT_ENVELOPE.digest),
    e.HeadKept(**AT, session=s.SESSION, epoch=1, n=11, head=s.LINKS[11]),
    e.StrayKept(**AT, session=s.SESSION, epoch=1, n=11, head=s.LINKS[11]),
    e.Decided(**AT, decision=s.digest_named("decision")),
    e.Alerted(**AT, alert=s.digest_named("alert")),
    e.CodeTried(**AT, subject=s.SUBJECT, revision=1, by="wang", opened=False, wrong_so_far=1),
    e.Released(**AT, subject=s.SUBJECT, revision=1, paper=s.PAPER_DIGEST),
    e.Paired(
        **AT,
        seat=s.SEAT,
        certificate=s.GRANT.seat_certificate,
        seat_key=s.SEAT_KEY.public.hex,
        by="wang",
    ),
    e.Revoked(**AT, seat=s.SEAT, certificate=s.GRANT.seat_certificate, reason="遗失"),
    RECEIPT_GIVEN,
)
BODIES = [e.encode_entry(entry) for entry in ENTRIES]


def tree(bodies: list[bytes]) -> MerkleTree:
    return MerkleTree(leaf_hash(body) for body in bodies)


def _entries() -> Iterator[Vector]:
    yield Vector(
        format="log_entry",
        name="every_kind",
        about="Every kind of leaf in its one encoding, and its hash: SHA-256(0x00 || leaf)",
        input={"texts": [body.decode() for body in BODIES]},
        output=[
            {"value": entry, "hash": leaf_hash(body).hex()}
            for entry, body in zip(ENTRIES, BODIES, strict=True)
        ],
    )
    for name, text in {
        "unknown_kind": BODIES[0].decode().replace('"opened"', '"closed"'),
        "space": BODIES[0].decode().replace(":", ": ", 1),
    }.items():
        yield Vector(
            format="log_entry",
            name=f"refused_{name}",
            about=f"A leaf that is not to be read: {name.replace('_', ' ')}",
            expects="P100",
            input={"texts": [text]},
        )


# --- trees -----------------------------------------------------------------------------------


def _hex(hashes: list[bytes]) -> list[str]:
    return [one.hex() for one in hashes]


def _trees() -> Iterator[Vector]:
    grown = tree([bytes.fromhex(leaf) for leaf in LEAVES])
    yield Vector(
        format="merkle_root",
        name="certificate_transparency",
        about="The roots of the trees over the first 0 to 8 leaves",
        source=CT,
        input={"leaves": LEAVES},
        output={"roots": [grown.root(size).hex() for size in range(9)]},
    )
    for index, size in ((0, 1), (0, 8), (5, 8), (2, 3), (1, 5), (6, 7)):
        name = f"leaf_{index}_of_{size}"
        yield _inclusion(name, "A leaf lies under a root", _included(grown, index, size))
    for old, new in ((0, 8), (1, 1), (1, 8), (6, 8), (2, 5), (4, 8), (3, 7), (7, 8), (8, 8)):
        about = "The old tree is the beginning of the new one"
        yield _consistency(f"{old}_to_{new}", about, _consistent(grown, old, new))
    yield from _bad_inclusions(grown)
    yield from _bad_consistencies(grown)


def _included(grown: MerkleTree, index: int, size: int) -> dict[str, Any]:
    return {
        "leaf": LEAVES[index],
        "index": index,
        "size": size,
        "proof": _hex(grown.inclusion_proof(index, size)),
        "root": grown.root(size).hex(),
    }


def _consistent(grown: MerkleTree, old: int, new: int) -> dict[str, Any]:
    return {
        "old": old,
        "old_root": grown.root(old).hex(),
        "new": new,
        "new_root": grown.root(new).hex(),
        "proof": _hex(grown.consistency_proof(old, new)),
    }


def _inclusion(name: str, about: str, data: dict[str, Any], expects: str = ACCEPTED) -> Vector:
    return Vector(format="inclusion", name=name, about=about, expects=expects, input=data)


def _consistency(name: str, about: str, data: dict[str, Any], expects: str = ACCEPTED) -> Vector:
    return Vector(format="consistency", name=name, about=about, expects=expects, input=data)


def _bad_inclusions(grown: MerkleTree) -> Iterator[Vector]:
    good = _included(grown, 5, 8)
    proof = good["proof"]
    for name, about, changes, expects in (
        ("other_leaf", "Another leaf's bytes", {"leaf": LEAVES[4]}, "P300"),
        ("other_index", "Another place", {"index": 4}, "P300"),
        ("beyond", "A place beyond the tree", {"index": 8}, "P300"),
        ("other_root", "An older root", {"root": grown.root(7).hex()}, "P300"),
        ("too_short", "The last hash is missing", {"proof": proof[:-1]}, "P300"),
        ("too_long", "A hash too many", {"proof": [*proof, proof[0]]}, "P300"),
        ("order", "The hashes in reverse", {"proof": proof[::-1]}, "P300"),
        ("31_bytes", "A hash of 31 bytes", {"proof": [proof[0][:-2], *proof[1:]]}, "P100"),
    ):
        yield _inclusion(f"refused_{name}", about, good | changes, expects)


def _bad_consistencies(grown: MerkleTree) -> Iterator[Vector]:
    good = _consistent(grown, 6, 8)
    proof, other = good["proof"], leaf_hash(b"another").hex()
    for name, about, changes, expects in (
        ("forked", "The old root is of another history", {"old_root": other}, "P300"),
        ("new_root", "The new root is of another history", {"new_root": other}, "P300"),
        ("shrunk", "The log lost leaves", {"old": 8, "new": 6}, "P300"),
        ("too_short", "The last hash is missing", {"proof": proof[:-1]}, "P300"),
        ("too_long", "A hash too many", {"proof": [*proof, other]}, "P300"),
        ("no_proof", "No proof", {"proof": []}, "P300"),
        ("31_bytes", "A hash of 31 bytes", {"proof": [proof[0][:-2], *proof[1:]]}, "P100"),
    ):
        yield _consistency(f"refused_{name}", about, good | changes, expects)
    same = _consistent(grown, 8, 8)
    about = "Two roots for one size"
    yield _consistency("refused_two_roots", about, same | {"old_root": other}, "P310")
    about = "A log without leaves has one root"
    empty = _consistent(grown, 0, 8) | {"old_root": other}
    yield _consistency("refused_empty_root", about, empty, "P300")


# --- checkpoints -----------------------------------------------------------------------------


def note(size: int = len(BODIES), key: SigningKey = s.LOG, name: str = ORIGIN) -> str:
    return sign_checkpoint(Checkpoint(origin=name, size=size, root=tree(BODIES).root(size)), key)


PUBLIC_LOG = """arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
"""
PUBLIC_SOURCE = "A checkpoint of a public log with its C2SP cosignature/v1, made by other programs"


def _vkey(text: str) -> str:
    """Return the public key of a C2SP verifier key, after its byte of type."""
    return base64.b64decode(text)[1:].hex()


PUBLIC_LOG_KEY = _vkey("AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f")
REMORA_KEY = _vkey("BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2")


def _checkpoint(
    name: str, about: str, text: str, expects: str = ACCEPTED, *, size: int = len(BODIES)
) -> Vector:
    root = tree(BODIES).root(size).hex()
    return Vector(
        format="checkpoint",
        name=name,
        about=about,
        expects=expects,
        keys={"log": s.LOG},
        input={"note": text, "origin": ORIGIN, "signer": "log"},
        output={"size": size, "root": root} if expects == ACCEPTED else None,
    )


def _resigned(body: str) -> str:
    """Sign any text as a note, as the log would."""
    shaped = Checkpoint(origin=ORIGIN, size=0, root=bytes(32))
    object.__setattr__(shaped, "body", lambda: body)
    return sign_checkpoint(shaped, s.LOG)


def _checkpoints() -> Iterator[Vector]:
    good = note()
    yield _checkpoint("signed", "The state of a log", good)
    yield _checkpoint("empty_log", "A log without leaves", note(0), size=0)
    yield _checkpoint("cosigned", "A seat's cosignature stands below", good + _cosigned(good))
    yield Vector(
        format="checkpoint",
        name="of_a_public_log",
        about="Unknown signatures, of other algorithms too, are passed over",
        source=PUBLIC_SOURCE,
        keys={"log": PUBLIC_LOG_KEY},
        input={
            "note": PUBLIC_LOG,
            "origin": "arche2025h1.staging.ct.transparency.dev",
            "signer": "log",
        },
        output={
            "size": 1432088532,
            "root": base64.b64decode("U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=").hex(),
        },
    )
    later = origin(s.CENTRE, s.SITTING, s.APPLIANCE, 2)
    other = origin(s.CENTRE, "ksj-2026-12", s.APPLIANCE, 1)
    lines = good.split("\n")
    for name, about, text, expects in (
        ("other_key", "Signed by another log's key", note(key=s.SPARE), "P200"),
        ("other_generation", "The log of the next generation", note(name=later), "P200"),
        ("other_sitting", "The same box at another sitting", note(name=other), "P200"),
        ("size_altered", "The number of leaves was altered", good.replace("\n13\n", "\n14\n"), "P200"),
        ("root_altered", "The root was altered", good.replace(lines[2], base64_of(bytes(32))), "P200"),
        ("unsigned", "No signature line", "\n".join(lines[:4]) + "\n", "P100"),
        ("no_final_newline", "The final newline is missing", good[:-1], "P100"),
        ("line_more", "Well signed, with a line more", _resigned("\n".join([*lines[:3], "x", ""])), "P100"),
        ("leading_zero", "Well signed, the size with a leading zero", _resigned("\n".join([ORIGIN, "013", lines[2], ""])), "P100"),
        ("size_beyond_2_53", "Well signed, the size is 2^53", _resigned("\n".join([ORIGIN, str(2**53), lines[2], ""])), "P100"),
        ("short_root", "Well signed, the root has 31 bytes", _resigned("\n".join([ORIGIN, "13", base64_of(bytes(31)), ""])), "P100"),
        ("too_long", "More than 16 KiB", good + _cosigned(good) * 200, "P100"),
    ):  # fmt: skip
        yield _checkpoint(f"refused_{name}", about, text, expects)


def _cosigned(text: str, key: SigningKey = s.SEAT_KEY, name: str = SEAT_NAME) -> str:
    return cosign(text, name, key, s.NINE_O_CLOCK // 1000)


def _cosignatures() -> Iterator[Vector]:
    good = note()
    line = _cosigned(good)
    yield _cosignature("by_a_seat", "A seat keeps and cosigns a checkpoint", good, line)
    remora = next(x for x in PUBLIC_LOG.split("\n") if "remora" in x) + "\n"
    yield Vector(
        format="cosignature",
        name="of_a_public_witness",
        about="A witness's cosignature of a public log's checkpoint",
        source=PUBLIC_SOURCE,
        keys={"seat": REMORA_KEY},
        input={"note": PUBLIC_LOG, "line": remora, "name": "remora.n621.de", "signer": "seat"},
        output={"unix_seconds": 0x6A122120},
    )
    raw = base64.b64decode(line.split(" ")[2])
    earlier = base64_of(raw[:11] + bytes([raw[11] ^ 1]) + raw[12:])
    for name, about, text, cosignature, expects in (
        ("other_key", "Cosigned by another seat's key", good, _cosigned(good, s.SPARE), "P200"),
        ("other_seat", "In another seat's name", good, _cosigned(good, name=SEAT_NAME[:-1] + "8"), "P200"),
        ("other_checkpoint", "Of another checkpoint", note(5), line, "P200"),
        ("time_altered", "The time was altered", good, f"— {SEAT_NAME} {earlier}\n", "P200"),
        ("cut", "Nothing but the key's hash", good, f"— {SEAT_NAME} {base64_of(raw[:4])}\n", "P200"),
        ("not_a_line", "A hyphen for the dash", good, line.replace("—", "-"), "P100"),
    ):  # fmt: skip
        yield _cosignature(f"refused_{name}", about, text, cosignature, expects)


def _cosignature(name: str, about: str, text: str, line: str, expects: str = ACCEPTED) -> Vector:
    return Vector(
        format="cosignature",
        name=name,
        about=about,
        expects=expects,
        keys={"seat": s.SEAT_KEY},
        input={"note": text, "line": line, "name": SEAT_NAME, "signer": "seat"},
        output={"unix_seconds": s.NINE_O_CLOCK // 1000} if expects == ACCEPTED else None,
    )


# --- receipts --------------------------------------------------------------------------------


def receipt(**changes: Any) -> Receipt:
    """Return what the candidate takes away."""
    size, index = len(BODIES), len(BODIES) - 1
    fields = {
        "centre": s.CENTRE,
        "appliance": s.APPLIANCE,
        "generation": 1,
        "sitting": s.SITTING,
        "entry": RECEIPT_GIVEN,
        "answered": 3,
        "marked": 1,
        "unanswered": 0,
        "automatic": False,
        "at": s.NINE_O_CLOCK,
        "leaf_index": index,
        "proof": tuple(base64_of(h) for h in tree(BODIES).inclusion_proof(index, size)),
        "checkpoint": note(),
    }
    return Receipt(**(fields | changes))


def _receipts() -> Iterator[Vector]:
    good = receipt()
    envelope = sign_receipt(good, s.BOX)
    yield _receipt("handed_in", "What the candidate takes away, and its code", envelope, good)
    other = msgspec.structs.replace(RECEIPT_GIVEN, n=10, head=s.LINKS[10])
    cases = (
        ("other_box", "Signed by the spare box", sign_receipt(good, s.SPARE), "P200"),
        ("other_head", "A head that is not in the log", sign_receipt(receipt(entry=other), s.BOX), "P300"),
        ("other_index", "Another leaf's place", sign_receipt(receipt(leaf_index=3), s.BOX), "P300"),
        ("beyond", "A leaf beyond the checkpoint", sign_receipt(receipt(leaf_index=13), s.BOX), "P300"),
        ("other_generation", "Of another generation than the checkpoint", sign_receipt(receipt(generation=2), s.BOX), "P200"),
        ("other_sitting", "Of another sitting than the checkpoint", sign_receipt(receipt(sitting="ksj-2026-12"), s.BOX), "P200"),
        ("checkpoint_of_the_box_key", "The checkpoint is signed by the box key", sign_receipt(receipt(checkpoint=note(key=s.BOX)), s.BOX), "P200"),
        ("proof_not_base64", "A proof that is not base64", sign_receipt(receipt(proof=("é",)), s.BOX), "P100"),
        ("proof_of_31_bytes", "A hash of 31 bytes", sign_receipt(receipt(proof=(base64_of(bytes(31)),)), s.BOX), "P100"),
        ("unknown_field", "A field more", signed_fields(PayloadType.RECEIPT, msgspec.to_builtins(good) | {"note": ""}, s.BOX), "P100"),
    )  # fmt: skip
    for name, about, bad, expects in cases:
        yield _receipt(f"refused_{name}", about, bad, None, expects)


def _receipt(
    name: str, about: str, envelope: Envelope, value: Receipt | None, expects: str = ACCEPTED
) -> Vector:
    output = None
    if value is not None:
        output = {"value": value, "digest": envelope.digest, "code": receipt_code(envelope)}
    return Vector(
        format="receipt",
        name=name,
        about=about,
        expects=expects,
        keys={"box": s.BOX, "log": s.LOG},
        input={"envelope": envelope, "box": "box", "log": "log"},
        output=output,
    )
