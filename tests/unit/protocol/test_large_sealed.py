"""Opening age files by our own reading of the format: the same verdict as the age wheel's."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import SealedError
from protocol.large_sealed import open_large
from protocol.sealing import SealingIdentity, seal

CHUNK = 64 * 1024
KEY = SealingIdentity.from_seed(bytes(range(32)))
OTHER = SealingIdentity.from_seed(bytes(range(1, 33)))
SMALL = seal(b"a paper", [OTHER.recipient, KEY.recipient])
LARGE = seal(bytes(3 * CHUNK), [KEY.recipient])


@pytest.mark.parametrize(
    "size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1]
)
def test_what_the_wheel_seals_opens_at_every_border_of_a_chunk(size: int) -> None:
    """Empty, one chunk, exactly full ones, one byte more."""
    plain = os.urandom(size)
    assert open_large(seal(plain, [KEY.recipient]), KEY) == plain


def test_any_of_several_recipients_opens_it() -> None:
    """The own line of the header is found among others."""
    for key in (KEY, OTHER):
        assert open_large(SMALL, key) == b"a paper"
    with pytest.raises(SealedError):
        open_large(SMALL, SealingIdentity.generate())


@pytest.mark.skipif(shutil.which("age") is None, reason="needs Debian's package age")
@pytest.mark.parametrize("size", [0, 5, CHUNK, 3 * CHUNK + 7])
def test_what_the_age_program_seals_opens(tmp_path: Path, size: int) -> None:
    """A second implementation, with which we have nothing in common but the specification."""
    (tmp_path / "plain").write_bytes(plain := os.urandom(size))
    command = ["age", "-r", KEY.recipient, "-o", str(tmp_path / "sealed"), str(tmp_path / "plain")]
    subprocess.run(command, check=True)
    assert open_large((tmp_path / "sealed").read_bytes(), KEY) == plain


def test_no_byte_can_be_changed() -> None:
    """Header, nonce and payload are all covered."""
    for at in range(len(SMALL)):
        damaged = bytearray(SMALL)
        damaged[at] ^= 0x01
        assert _verdict(open_large, bytes(damaged)) is None, f"byte {at}"


def test_no_shorter_file_opens() -> None:
    """Cut anywhere, nothing of it is returned."""
    for at in range(len(SMALL)):
        assert _verdict(open_large, SMALL[:at]) is None, f"cut to {at}"


@pytest.mark.parametrize("cut", [1, 16, 17, CHUNK, CHUNK + 16, CHUNK + 17, 2 * (CHUNK + 16)])
def test_whole_chunks_cannot_be_left_out_or_put_on(cut: int) -> None:
    """The last chunk says that it is the last, and each has its number."""
    for wrong in (LARGE[:-cut], LARGE + LARGE[-cut:], LARGE + bytes(cut)):
        with pytest.raises(SealedError):
            open_large(wrong, KEY)


def test_chunks_cannot_change_places() -> None:
    """Equal contents, another order: refused."""
    begins = len(LARGE) - 3 * (CHUNK + 16)
    one, two = begins + CHUNK + 16, begins + 2 * (CHUNK + 16)
    swapped = LARGE[:begins] + LARGE[one:two] + LARGE[begins:one] + LARGE[two:]
    with pytest.raises(SealedError):
        open_large(swapped, KEY)


@settings(max_examples=150)
@given(st.data())
def test_whatever_comes_the_wheel_is_of_the_same_mind(data: st.DataObject) -> None:
    """Of any damage to a file both say the same: the same bytes, or that it does not open."""
    sealed = bytearray(SMALL)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(sealed) - 1))
        match data.draw(st.sampled_from(["change", "drop", "put"])):
            case "change":
                sealed[at] = data.draw(st.integers(0, 255))
            case "drop":
                del sealed[at]
            case _:
                sealed.insert(at, data.draw(st.integers(0, 255)))
    assert _verdict(open_large, bytes(sealed)) == _verdict(lambda s, k: k.open(s), bytes(sealed))


def _verdict(opener, sealed: bytes) -> bytes | None:
    try:
        return bytes(opener(sealed, KEY))
    except SealedError:
        return None
