"""The words of tus: metadata, numbers and checksums, and what is refused in them."""

import base64
import hashlib

import pytest

from protocol import upload
from protocol.errors import MalformedError


def test_metadata_comes_back() -> None:
    """What is written is read; a key may stand alone."""
    values = {"sha256": "a" * 64, "filename": "样例.parcel"}
    assert upload.read_metadata(upload.write_metadata(values)) == values
    assert upload.read_metadata("alone, sha256 YQ==") == {"alone": "", "sha256": "a"}
    assert upload.declared_digest(upload.write_metadata(values)) == "a" * 64


@pytest.mark.parametrize("header", ["", "sha256 YQ==", "sha256 !", "a YQ==,a YQ==", "sha256 /w=="])
def test_a_declaration_without_its_digest_is_refused(header: str) -> None:
    """No digest, a short one, no base64, a key twice, no text."""
    with pytest.raises(MalformedError):
        upload.declared_digest(header)


@pytest.mark.parametrize("text", [None, "", "-1", "1.0", " 1", "١", "9" * 16])
def test_only_plain_numbers_are_offsets(text: str | None) -> None:
    """Signs, fractions, spaces, other scripts' digits and boundless numbers are refused."""
    with pytest.raises(MalformedError, match="Upload-Offset"):
        upload.read_number("Upload-Offset", text)
    assert upload.read_number("Upload-Offset", "0") == 0


def test_checksums_are_of_two_kinds() -> None:
    """SHA-1, which the standard asks for, and SHA-256; nothing else."""
    checksum = base64.b64encode(hashlib.sha256(b"abc").digest()).decode()
    found, expected = upload.read_checksum(f"sha256 {checksum}")
    found.update(b"abc")
    assert found.digest() == expected == hashlib.sha256(b"abc").digest()
    with pytest.raises(MalformedError, match="sha1,sha256"):
        upload.read_checksum("md5 AAAA")
