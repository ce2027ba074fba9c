"""Which build of dlib this is."""

import sys
from pathlib import Path

import pytest

from appliance.faces.build import BuildKind, inspect_build, kind_of, needs_v3


@pytest.mark.parametrize(
    ("distribution", "blas", "for_v3", "kind"),
    [
        ("dlib-bin", False, False, BuildKind.WHEEL),
        ("dlib", False, False, BuildKind.SOURCE),
        ("dlib", True, False, BuildKind.SOURCE_BLAS),
        ("dlib", True, True, BuildKind.FAST),
    ],
)
def test_the_marks_name_the_build(distribution, blas, for_v3, kind):
    """Whose files they are, BLAS and the processor asked for tell the builds apart."""
    assert kind_of(distribution, blas=blas, for_v3=for_v3) is kind


def test_the_build_here_is_told_from_its_module():
    """The loaded dlib says its version, and with the fast marks only it is the fast build."""
    build = inspect_build()
    assert build.version.startswith("20.")
    assert (build.kind is BuildKind.FAST) == (build.blas and build.for_v3)
    assert build.kind.value in str(build)


def test_an_ordinary_program_asks_for_no_newer_processor():
    """Debian's Python runs on every x86-64 processor, and a text is no program."""
    assert not needs_v3(Path(sys.executable).resolve())
    assert not needs_v3(Path(__file__))


def test_the_note_of_a_newer_processor_is_read(tmp_path):
    """A module linked with -z x86-64-v3 says so in its notes."""
    note = b"\x04\0\0\0\x10\0\0\0\x05\0\0\0GNU\0"
    note += b"\x02\x80\0\xc0\x04\0\0\0\x07\0\0\0\0\0\0\0"
    head = bytearray(64)
    head[:6] = b"\x7fELF\x02\x01"
    head[32:40] = (64).to_bytes(8, "little")
    head[54:58] = (56).to_bytes(2, "little") + (1).to_bytes(2, "little")
    entry = bytearray(56)
    entry[:4] = (4).to_bytes(4, "little")
    entry[8:16] = (120).to_bytes(8, "little")
    entry[32:40] = len(note).to_bytes(8, "little")
    entry[48:56] = (8).to_bytes(8, "little")
    module = tmp_path / "module.so"
    module.write_bytes(bytes(head) + bytes(entry) + note)
    assert needs_v3(module)
    module.write_bytes(module.read_bytes().replace(b"\x07\0\0\0\0", b"\x03\0\0\0\0"))
    assert not needs_v3(module)
