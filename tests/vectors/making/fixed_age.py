"""age and zstd with nothing left to chance, so that vectors come out the same each time.

A second, small implementation of age-encryption.org/v1 (X25519 only). The file key, the
ephemeral key and the nonce come from a name: for vectors only, since such a file hides
nothing. The zstd frame (RFC 8878) holds raw blocks and declares its size.
"""

import base64
import hashlib
import hmac

import bech32
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_CHUNK = 64 * 1024
_BLOCK = 128 * 1024 - 1


def fixed_bytes(name: str, size: int = 32) -> bytes:
    """Return bytes that follow from a name: seeds and nonces of vectors."""
    return hashlib.sha256(f"examhall vectors: {name}".encode()).digest()[:size]


def seal_fixed(plain: bytes, recipients: list[str], name: str) -> bytes:
    """Return an age file, the same for the same arguments."""
    file_key = fixed_bytes(f"{name} file key", 16)
    header = b"age-encryption.org/v1\n"
    for number, recipient in enumerate(recipients):
        header += _stanza(file_key, recipient, fixed_bytes(f"{name} ephemeral {number}"))
    header += b"---"
    mac = hmac.digest(_hkdf(file_key, b"", b"header"), header, "sha256")
    nonce = fixed_bytes(f"{name} nonce", 16)
    payload = _stream(_hkdf(file_key, nonce, b"payload"), plain)
    return header + b" " + _unpadded(mac) + b"\n" + nonce + payload


def _stanza(file_key: bytes, recipient: str, seed: bytes) -> bytes:
    _, data = bech32.bech32_decode(recipient)
    raw = bytes(bech32.convertbits(data, 5, 8, False))
    ephemeral = X25519PrivateKey.from_private_bytes(seed)
    share = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(raw))
    key = _hkdf(shared, share + raw, b"age-encryption.org/v1/X25519")
    wrapped = ChaCha20Poly1305(key).encrypt(bytes(12), file_key, None)
    return b"-> X25519 " + _unpadded(share) + b"\n" + _unpadded(wrapped) + b"\n"


def _stream(key: bytes, plain: bytes) -> bytes:
    chunks = [plain[i : i + _CHUNK] for i in range(0, len(plain), _CHUNK)] or [b""]
    cipher = ChaCha20Poly1305(key)
    return b"".join(
        cipher.encrypt(i.to_bytes(11, "big") + bytes([i == len(chunks) - 1]), chunk, None)
        for i, chunk in enumerate(chunks)
    )


def _hkdf(key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(key)


def _unpadded(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


def frame_fixed(plain: bytes) -> bytes:
    """Return a zstd frame of raw blocks: magic, an 8-byte size, no checksum."""
    header = b"\x28\xb5\x2f\xfd" + bytes([0b11100000]) + len(plain).to_bytes(8, "little")
    blocks = [plain[i : i + _BLOCK] for i in range(0, len(plain), _BLOCK)] or [b""]
    body = b"".join(
        ((len(block) << 3) | (i == len(blocks) - 1)).to_bytes(3, "little") + block
        for i, block in enumerate(blocks)
    )
    return header + body
