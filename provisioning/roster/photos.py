"""Photos: found by the filing rule, looked at by the rule book's photo rule.

The filing rule (documents 000 and 003) names a file ``姓名+身份证号`` and then nothing
(the photo), 报名表, 身份证正面, 身份证反面, 学历证 or another proof; the ``+`` may be
missing, and a Mac writes names decomposed. Looking for faces is passed in, so that this
module needs no models.
"""

import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePath
from typing import Final

import msgspec
import numpy as np
from PIL import Image

from exam.rulebook import PhotoRules
from provisioning.picture_files import FAULTS, MAX_PIXELS, opened
from provisioning.problems import Place, Problems
from provisioning.roster import messages
from provisioning.roster.rows import Entry
from provisioning.roster.text import clean_name

FaceCounter = Callable[[bytes], int]
"""Returns how many faces a picture shows; the picture has been opened once before."""

EXTENSIONS: Final = frozenset({".jpg", ".jpeg", ".png"})
_WHITE: Final = 200
"""Mean of the upper corners, each channel of 255, from which a ground counts as white."""


class Photo(msgspec.Struct, frozen=True, kw_only=True):
    """A photo that was taken."""

    file: str
    content: bytes

    @property
    def sha256(self) -> str:
        """Digest of the bytes, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


def filing_key(text: str) -> str:
    """Return a file's stem as the filing rule compares it: no ``+``, no blanks, composed."""
    folded = clean_name(unicodedata.normalize("NFC", text))
    return "".join(c for c in folded if c not in "+ _-·").upper()


def find_photos(
    entries: Iterable[Entry], names: Iterable[str], problems: Problems, notes: Problems
) -> dict[int, str]:
    """Return the photo's file name by the row of each entry; what lacks or clashes is a problem."""
    pictures = [n for n in names if PurePath(n).suffix.lower() in EXTENSIONS]
    by_key: dict[str, list[str]] = {}
    for name in sorted(pictures):
        by_key.setdefault(filing_key(PurePath(name).stem), []).append(name)
    found: dict[int, str] = {}
    claimed: set[str] = set()
    for entry in entries:
        if not entry.name or not entry.id_number:
            continue
        own = by_key.get(filing_key(entry.name + entry.id_number), [])
        for key, filed in by_key.items():
            if entry.id_number in key:
                claimed.update(filed)
        if len(own) == 1:
            found[entry.row] = own[0]
        else:
            _report_missing(entry, own, by_key, problems)
    for name in sorted(set(pictures) - claimed):
        notes.add(messages.FILE_OF_NOBODY, Place(), came=name)
    return found


def _report_missing(
    entry: Entry, own: list[str], by_key: Mapping[str, list[str]], problems: Problems
) -> None:
    place = Place(row=entry.row, file=f"{entry.name}+{entry.id_number}")
    others = [n[0] for key, n in by_key.items() if key.endswith(entry.id_number)]
    if own:
        problems.add(messages.PHOTO_TWICE, place, came="、".join(own))
    elif others:
        problems.add(messages.PHOTO_OTHER_NAME, place, came=others[0], expected=entry.name)
    else:
        problems.add(messages.NO_PHOTO, place, expected=f"{entry.name}+{entry.id_number}.jpg")


def check_photo(
    photo: Photo,
    rules: PhotoRules,
    count_faces: FaceCounter,
    place: Place,
    problems: Problems,
    notes: Problems,
) -> None:
    """Write every way in which a photo misses the rules to ``problems``.

    Measured: format, bytes, pixels, colour, one face. A ground that seems not white is a
    note for a person; whether the head is bare is for a person too.
    """
    picture = _open(photo, rules, place, problems)
    if picture is None:
        return
    _check_bytes(photo, rules, place, problems)
    _check_pixels(photo, picture, rules, place, problems)
    if rules.colour and _is_grey(picture):
        problems.add(messages.PHOTO_GREY, place, name=photo.file)
    faces = count_faces(photo.content)
    if faces == 0:
        problems.add(messages.NO_FACE, place, name=photo.file)
    elif faces > 1:
        problems.add(messages.SEVERAL_FACES, place, name=photo.file, came=faces)
    if rules.white_ground and not _has_white_ground(picture):
        notes.add(messages.GROUND_NOT_WHITE, place, name=photo.file)


def _open(photo: Photo, rules: PhotoRules, place: Place, problems: Problems) -> Image.Image | None:
    expected = "/".join(rules.formats).upper()
    try:
        with opened(photo.content, ["JPEG", "PNG"]) as picture:
            if str(picture.format).lower() not in rules.formats:
                came = str(picture.format)
            elif picture.width * picture.height > MAX_PIXELS:
                came = f"{picture.width}x{picture.height}"
            else:
                return picture.convert("RGB")
    except FAULTS as error:
        came = f"{photo.content[:8]!r} ({type(error).__name__})"
    problems.add(messages.PHOTO_UNREADABLE, place, name=photo.file, expected=expected, came=came)
    return None


def _check_bytes(photo: Photo, rules: PhotoRules, place: Place, problems: Problems) -> None:
    size = len(photo.content)
    if not rules.min_bytes <= size <= rules.max_bytes:
        expected = f"{rules.min_bytes / 1000:g}-{rules.max_bytes / 1000:g} KB"
        came = f"{size / 1000:.1f} KB"
        problems.add(messages.PHOTO_BYTES, place, name=photo.file, expected=expected, came=came)


def _check_pixels(
    photo: Photo, picture: Image.Image, rules: PhotoRules, place: Place, problems: Problems
) -> None:
    width, height = picture.size
    shape = width * 1000 // height
    fits = (
        rules.min_width <= width <= rules.max_width
        and rules.min_height <= height <= rules.max_height
        and rules.min_shape <= shape <= rules.max_shape
    )
    if fits:
        return
    low, high = f"{rules.min_width}x{rules.min_height}", f"{rules.max_width}x{rules.max_height}"
    expected = low if low == high else f"{low} - {high}"
    if low != high:
        expected += f", {rules.min_shape / 1000:g} - {rules.max_shape / 1000:g} : 1"
    came = f"{width}x{height} ({shape / 1000:g} : 1)"
    problems.add(messages.PHOTO_SIZE, place, name=photo.file, expected=expected, came=came)


def _is_grey(picture: Image.Image) -> bool:
    small = np.asarray(picture.resize((64, 64)), dtype=np.int16)
    return bool((small.max(axis=2) - small.min(axis=2)).mean() < 2)  # noqa: PLR2004 - JPEG noise


def _has_white_ground(picture: Image.Image) -> bool:
    """Look at the two upper corners, a tenth of the picture each way."""
    width, height = picture.size
    side, down = max(1, width // 10), max(1, height // 10)
    left = np.asarray(picture.crop((0, 0, side, down)))
    right = np.asarray(picture.crop((width - side, 0, width, down)))
    return bool(min(left.min(axis=2).mean(), right.min(axis=2).mean()) >= _WHITE)
