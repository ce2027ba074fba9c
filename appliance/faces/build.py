"""Which build of dlib this process runs on, by looking at the module that was loaded.

Three ways lead to dlib, with equal descriptors and very different speeds: the community
wheel, the source archive as pip builds it, and our own (`build_dlib.sh`). A module says
whether it has BLAS; that it was compiled for x86-64-v3 stands in its ELF note
(``GNU_PROPERTY_X86_ISA_1_NEEDED``, System V ABI, x86-64 supplement), which our build asks
the linker for.
"""

import importlib
import importlib.metadata
import struct
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

_MODULE: Final = "_dlib_pybind11"
_PT_NOTE: Final = 4
_GNU_PROPERTY: Final = 5
_X86_ISA_NEEDED: Final = 0xC0008002
_ISA_V3: Final = 1 << 2


class BuildKind(StrEnum):
    """How this dlib was made."""

    WHEEL = "community wheel"
    SOURCE = "source archive, no BLAS"
    SOURCE_BLAS = "source archive, with a BLAS of its machine"
    FAST = "fast build"


class Build(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in the loaded module."""

    kind: BuildKind
    version: str
    blas: bool
    for_v3: bool
    """Whether it was compiled for x86-64-v3 (AVX2, FMA)."""
    compiled: str
    """When, as the module says."""

    def __str__(self) -> str:
        return f"dlib {self.version}, {self.kind.value}"


def inspect_build() -> Build:
    """Look at the dlib of this process; imports it."""
    dlib = importlib.import_module("dlib")
    blas = bool(dlib.DLIB_USE_BLAS)
    for_v3 = needs_v3(Path(importlib.import_module(_MODULE).__file__ or ""))
    return Build(
        kind=kind_of(_distribution(), blas=blas, for_v3=for_v3),
        version=str(dlib.__version__),
        blas=blas,
        for_v3=for_v3,
        compiled=str(getattr(dlib, "__time_compiled__", "")),
    )


def kind_of(distribution: str, *, blas: bool, for_v3: bool) -> BuildKind:
    """Name the build that has these marks. ``distribution``: whose files they are."""
    if blas and for_v3:
        return BuildKind.FAST
    if distribution == "dlib-bin":
        return BuildKind.WHEEL
    return BuildKind.SOURCE_BLAS if blas else BuildKind.SOURCE


def _distribution() -> str:
    owners = importlib.metadata.packages_distributions().get(_MODULE, [])
    return owners[0] if owners else ""


def needs_v3(module: Path) -> bool:
    """Say whether an ELF file (64 bit, little endian) asks for an x86-64-v3 processor."""
    data = module.read_bytes()
    if data[:6] != b"\x7fELF\x02\x01":
        return False
    return any(
        name == b"GNU\0" and kind == _GNU_PROPERTY and bool(_isa_needed(content) & _ISA_V3)
        for name, kind, content in _notes(data)
    )


def _notes(data: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    (table,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    for n in range(count):
        kind, _, start, _, _, length = struct.unpack_from("<IIQQQQ", data, table + n * size)
        if kind != _PT_NOTE:
            continue
        (align,) = struct.unpack_from("<Q", data, table + n * size + 48)
        yield from _notes_of_segment(data[start : start + length], max(4, align))


def _notes_of_segment(segment: bytes, align: int) -> Iterator[tuple[bytes, int, bytes]]:
    at = 0
    while at + 12 <= len(segment):
        name_size, size, kind = struct.unpack_from("<III", segment, at)
        name_end = at + 12 + name_size
        content = _up(name_end, align)
        yield segment[at + 12 : name_end], kind, segment[content : content + size]
        at = _up(content + size, align)


def _isa_needed(content: bytes) -> int:
    """Return the bits of the needed-ISA property, 0 where there is none."""
    at = 0
    while at + 8 <= len(content):
        kind, size = struct.unpack_from("<II", content, at)
        if kind == _X86_ISA_NEEDED:
            return int.from_bytes(content[at + 8 : at + 8 + size], "little")
        at = _up(at + 8 + size, 8)
    return 0


def _up(number: int, align: int) -> int:
    return -(-number // align) * align
