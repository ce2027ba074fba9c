"""Programs and libraries that are not ours agree about every byte."""

import base64
import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
import rfc8785
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from securesystemslib import dsse
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey

from protocol.envelope import Envelope, pae, unsafe_payload, verify
from protocol.keys import SigningKey, VerifyKey
from protocol.parcel import (
    FIRST,
    Blob,
    Lane,
    ParcelContents,
    ParcelKey,
    make_parcel,
    read_header_line,
)
from protocol.payload_types import PayloadType
from protocol.sealed_paper import derive_code_identity, seal_paper_key
from protocol.sealing import SealingIdentity, seal
from protocol.values import encode, sha256_hex
from tests.unit.protocol.vector_readers import FOLDER, Vector, load, paths

STATEMENTS = [
    path
    for path in paths()
    if "envelopes" in (vector := load(path)).input and vector.expects == "accepted"
]


def run(*command: str, data: bytes = b"") -> bytes:
    """Return what a program writes; fail where it fails."""
    return subprocess.run(command, input=data, check=True, capture_output=True, timeout=30).stdout


def signer_of(vector: Vector) -> tuple[VerifyKey, SSlibKey]:
    """Return the signer's public key for us and for the second implementation."""
    key = vector.public("signer")
    return key, SSlibKey(key.id, "ed25519", "ed25519", {"public": key.hex})


@pytest.mark.parametrize("path", STATEMENTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_another_library_verifies_our_envelopes(path: Path) -> None:
    """securesystemslib accepts each frozen statement, and not under another type."""
    vector = load(path)
    _, key = signer_of(vector)
    for raw in vector.input["envelopes"]:
        theirs = dsse.Envelope.from_dict(json.loads(json.dumps(raw)))
        assert theirs.verify([key], 1)
        theirs.payload_type += "x"
        with pytest.raises(VerificationError):
            theirs.verify([key], 1)


def test_we_verify_another_library_s_envelope() -> None:
    """An envelope that securesystemslib signed opens here, payload and digest alike."""
    key = SigningKey.from_seed(bytes(range(32)))
    private = serialization.load_der_private_key(
        bytes.fromhex("302e020100300506032b657004220420") + key.dangerous_seed(), None
    )
    public = SSlibKey(key.public.id, "ed25519", "ed25519", {"public": key.public.hex})
    payload = b'{"n":1}'
    theirs = dsse.Envelope(payload, PayloadType.HEAD.value, {})
    theirs.sign(CryptoSigner(private, public))  # type: ignore[arg-type] # an Ed25519 key
    ours = msgspec.json.decode(json.dumps(theirs.to_dict()), type=Envelope)
    assert verify(ours, PayloadType.HEAD, [key.public]) == payload
    assert (
        ours.digest == sha256_hex(pae(PayloadType.HEAD.value, payload)) == sha256_hex(theirs.pae())
    )


@pytest.mark.parametrize("path", STATEMENTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_openssl_verifies_our_signatures(path: Path, tmp_path: Path) -> None:
    """``openssl pkeyutl -verify`` accepts the signature over PAE, and refuses one bit less."""
    vector = load(path)
    envelope = vector.envelopes()[0]
    public, signature, message = (tmp_path / name for name in ("key.pem", "sig", "message"))
    public.write_bytes(pem(vector.public("signer")))
    signature.write_bytes(base64.b64decode(envelope.signatures[0].sig))
    signed = pae(envelope.payloadType, unsafe_payload(envelope))
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(public), "-rawin"]
    command += ["-sigfile", str(signature), "-in", str(message)]
    message.write_bytes(signed)
    assert b"Successfully" in run(*command)
    message.write_bytes(signed[:-1] + bytes([signed[-1] ^ 1]))
    refused = subprocess.run(command, check=False, capture_output=True, timeout=30)
    assert refused.returncode != 0


def pem(key: VerifyKey) -> bytes:
    """Return the key as openssl reads it."""
    return Ed25519PublicKey.from_public_bytes(key.raw).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def test_openssl_prints_our_key_ids() -> None:
    """The key id is what ``openssl pkey -pubin -outform DER | sha256sum`` prints."""
    vector = load(FOLDER / "key" / "rfc8032_test_1.json")
    key = VerifyKey.from_hex(vector.input["public"])
    der = run("openssl", "pkey", "-pubin", "-outform", "DER", data=pem(key))
    assert run("sha256sum", data=der).split()[0].decode() == vector.output["id"] == key.id


# --- canonical JSON --------------------------------------------------------------------------


def signed_texts() -> list[bytes]:
    """Return every byte string whose one encoding matters: payloads, events and leaves."""
    texts = [unsafe_payload(envelope) for path in STATEMENTS for envelope in load(path).envelopes()]
    for name in ("event", "log_entry"):
        texts += [t.encode() for t in load(FOLDER / name / "every_kind.json").input["texts"]]
    return texts


def test_another_library_writes_the_same_canonical_json() -> None:
    """rfc8785 (JSON Canonicalization Scheme) gives the very bytes that we sign and hash."""
    texts = signed_texts()
    assert len(texts) > 80
    for text in texts:
        assert rfc8785.dumps(json.loads(text)) == text


def test_every_character_is_escaped_as_the_standard_says() -> None:
    """All control characters, and a sample of every plane, come out as rfc8785 writes them."""
    characters = [
        chr(i) for i in (*range(0x300), 0x2028, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF)
    ]
    value: Any = {"text": "".join(characters), "each": characters}
    assert encode(value) == rfc8785.dumps(value)


# --- age and zstd ----------------------------------------------------------------------------


def opened_by_age(identity: SealingIdentity, sealed: bytes, folder: Path) -> bytes:
    """Return what ``age --decrypt`` makes of a sealed file."""
    key = folder / "identity.txt"
    key.write_text(identity.dangerous_text() + "\n")
    return run("age", "--decrypt", "--identity", str(key), data=sealed)


def test_age_opens_what_we_seal(tmp_path: Path) -> None:
    """Something sealed to two recipients opens for each by the ``age`` program."""
    plain = bytes(range(256)) * 300
    identities = [SealingIdentity.generate(), SealingIdentity.from_seed(b"\x07" * 32)]
    sealed = seal(plain, [identity.recipient for identity in identities])
    for identity in identities:
        assert opened_by_age(identity, sealed, tmp_path) == plain


def test_age_opens_the_frozen_files(tmp_path: Path) -> None:
    """The ``age`` program opens each accepted age vector, and refuses the others."""
    for path in sorted((FOLDER / "age").glob("*.json")):
        vector = load(path)
        sealed = base64.b64decode(vector.input["sealed"])
        if vector.expects == "accepted":
            plain = opened_by_age(vector.identity("identity"), sealed, tmp_path)
            assert base64.b64encode(plain).decode() == vector.output["plain"]
        else:
            with pytest.raises(subprocess.CalledProcessError):
                opened_by_age(vector.identity("identity"), sealed, tmp_path)


def test_age_seals_for_us() -> None:
    """What the ``age`` program seals to our recipient opens here."""
    identity = SealingIdentity.generate()
    sealed = run("age", "--encrypt", "--recipient", identity.recipient, data=b"plain")
    assert identity.open(sealed) == b"plain"


def test_age_opens_the_paper_key_layer_by_layer(tmp_path: Path) -> None:
    """With the box's identity and the codes' identities ``age`` gets at P, without us."""
    paper_key, box = SealingIdentity.generate(), SealingIdentity.generate()
    codes = [derive_code_identity("00000-00001-00002", salt * 32, 1024) for salt in "ab"]
    layer = seal_paper_key(paper_key, codes, [box.recipient])
    for identity in (box, *codes):
        layer = opened_by_age(identity, layer, tmp_path)
    assert layer.decode() == paper_key.dangerous_text()


def test_scrypt_of_openssl_gives_the_code_s_identity() -> None:
    """``openssl kdf`` derives the same scalar from code and salt (RFC 7914)."""
    vector = load(FOLDER / "code_identity" / "n_131072.json")
    secret = vector.input["code"].replace("-", "")
    options = (f"pass:{secret}", f"hexsalt:{vector.input['salt']}", f"n:{vector.input['n']}")
    command = ["openssl", "kdf", "-keylen", "32", "-binary"]
    for option in (*options, "r:8", "p:1", "maxmem_bytes:167772160"):
        command += ["-kdfopt", option]
    seed = run(*command, "SCRYPT")
    assert SealingIdentity.from_seed(seed).recipient == vector.output["recipient"]


def test_age_and_zstd_open_a_parcel(tmp_path: Path) -> None:
    """``tail``, ``age`` and ``zstd`` give the contents and the blobs of a parcel."""
    office, box = SealingIdentity.generate(), SigningKey.from_seed(b"\x09" * 32)
    blob = b"picture" * 50_000
    key = ParcelKey(
        centre="sz-07",
        sitting="ksj-2026-09",
        appliance="box-1",
        generation=1,
        lane=Lane.PICTURES,
        n=1,
    )
    listed = (Blob(sha256=hashlib.sha256(blob).hexdigest(), size=len(blob)),)
    contents = ParcelContents(key=key, records=(), blobs=listed)
    file, digest = make_parcel(
        contents, [blob], prev=FIRST, made_at=0, office_recipient=office.recipient, box_key=box
    )
    envelope, _ = read_header_line(file)
    assert envelope.digest == digest
    sealed = run("tail", "--lines=+3", data=file)
    plain = run("zstd", "--decompress", "--stdout", data=opened_by_age(office, sealed, tmp_path))
    length = int.from_bytes(plain[:8], "big")
    assert json.loads(plain[8 : 8 + length]) == json.loads(encode(contents))
    assert plain[8 + length :] == blob
