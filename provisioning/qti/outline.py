"""The outline of a package: which items, in which order, under which headings, for how much.

A package with an assessment test takes its order, headings and weights; one without takes
the items as the manifest lists them, under no heading, each with weight 1.
"""

import posixpath
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec

from provisioning import messages as shared
from provisioning.archive import climbs
from provisioning.problems import Place, Problems
from provisioning.qti import messages, xml

MANIFEST: Final = "imsmanifest.xml"
_ITEM_TYPE: Final = re.compile(r"imsqti_item_xmlv\d+p\d+")
_TEST_TYPE: Final = re.compile(r"imsqti_(test|assessment)_xmlv\d+p\d+")
_REFUSED: Final = ("selection", "preCondition", "branchRule", "assessmentSectionRef")
_DEFAULT_WEIGHT: Final = "WEIGHT"
_LARGEST: Final = 1_000_000


class ItemRef(msgspec.Struct, frozen=True, kw_only=True):
    """An item's file and what its points are multiplied by."""

    file: str
    weight: Decimal = Decimal(1)


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """Items under one heading."""

    title: str
    items: tuple[ItemRef, ...]
    shuffle: bool = False
    rubrics: tuple[xml.Element, ...] = ()
    """Instructions for candidates, as they stand in ``file``."""
    file: str = ""


class Outline(msgspec.Struct, frozen=True, kw_only=True):
    """The whole paper's outline; title and language are "" where the package names none."""

    title: str
    language: str
    sections: tuple[Section, ...]


def read_outline(files: dict[str, bytes], problems: Problems) -> Outline | None:
    """Return the outline, or None with the reasons written to ``problems``."""
    if MANIFEST not in files:
        problems.add(messages.NO_MANIFEST, Place())
        return None
    root = xml.parse(files[MANIFEST], MANIFEST, problems)
    if root is None:
        return None
    tests = _resources(root, _TEST_TYPE, files, problems)
    items = _resources(root, _ITEM_TYPE, files, problems)
    if len(tests) > 1:
        problems.add(messages.SEVERAL_TESTS, Place(file=MANIFEST), came=len(tests))
        return None
    if tests:
        return _read_test(tests[0], files, problems)
    if not items:
        problems.add(messages.NO_ITEMS, Place(file=MANIFEST))
        return None
    refs = tuple(ItemRef(file=file) for file in items)
    return Outline(title="", language=xml.language(root), sections=(Section(title="", items=refs),))


def _resources(
    manifest: xml.Element, kind: re.Pattern[str], files: dict[str, bytes], problems: Problems
) -> list[str]:
    found = []
    for resource in xml.descendants(manifest, "resource"):
        if kind.fullmatch(xml.attribute(resource, "type")):
            place = Place(file=MANIFEST, line=xml.line_of(resource))
            file = resolve(MANIFEST, xml.attribute(resource, "href"), files, place, problems)
            if file is not None:
                found.append(file)
    return found


def resolve(
    base: str, href: str, files: dict[str, bytes], place: Place, problems: Problems
) -> str | None:
    """Return the path in the package that ``href`` of the file ``base`` means, if it is there."""
    split = _split(href)
    if split is None or split.scheme or split.netloc or not split.path:
        problems.add(messages.OUTSIDE_REFERENCE, place, came=repr(href[:80]))
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(base), unquote(split.path)))
    if climbs(path):
        problems.add(shared.PATH_CLIMBS, place, came=repr(href[:80]))
        return None
    if path not in files:
        problems.add(messages.MISSING_FILE, place, name=path)
        return None
    return path


def _split(href: str) -> SplitResult | None:
    try:
        return urlsplit(href)
    except ValueError:  # "http://[..." and its like
        return None


def _read_test(file: str, files: dict[str, bytes], problems: Problems) -> Outline | None:
    root = xml.parse(files[file], file, problems)
    if root is None or not xml.check_root(root, "assessmentTest", file, problems):
        return None
    for feature in _REFUSED:
        for element in xml.descendants(root, feature):
            place = Place(file=file, line=xml.line_of(element))
            problems.add(messages.TEST_FEATURE, place, name=xml.written_name(element))
    sections = tuple(
        section
        for part in xml.children(root, "testPart")
        for top in xml.children(part, "assessmentSection")
        for section in _read_section(top, "", file, files, problems)
    )
    if not any(section.items for section in sections):
        problems.add(messages.NO_ITEMS, Place(file=file))
        return None
    return Outline(
        title=xml.attribute(root, "title"), language=xml.language(root), sections=sections
    )


def _read_section(
    element: xml.Element, above: str, file: str, files: dict[str, bytes], problems: Problems
) -> Iterator[Section]:
    """Yield the section and those within it; one without own items gives its heading on."""
    shown = xml.attribute(element, "visible", "true") != "false"
    title = (xml.attribute(element, "title") if shown else "") or above
    ordering = xml.child(element, "ordering")
    shuffle = ordering is not None and xml.attribute(ordering, "shuffle") == "true"
    refs = [
        ref
        for child in xml.children(element, "assessmentItemRef")
        if (ref := _read_ref(child, file, files, problems)) is not None
    ]
    if refs:
        yield Section(
            title=title,
            items=tuple(refs),
            shuffle=shuffle,
            rubrics=tuple(xml.children(element, "rubricBlock")),
            file=file,
        )
    for inner in xml.children(element, "assessmentSection"):
        yield from _read_section(inner, title, file, files, problems)


def _read_ref(
    element: xml.Element, file: str, files: dict[str, bytes], problems: Problems
) -> ItemRef | None:
    place = Place(file=file, line=xml.line_of(element))
    target = resolve(file, xml.attribute(element, "href"), files, place, problems)
    weights = list(xml.children(element, "weight"))
    named = [w for w in weights if xml.attribute(w, "identifier") == _DEFAULT_WEIGHT]
    chosen = (named or weights)[:1]
    written = xml.attribute(chosen[0], "value") if chosen else "1"
    weight = decimal(written)
    if weight is None or weight <= 0:
        problems.add(messages.BAD_WEIGHT, place, came=repr(written))
        return None
    return ItemRef(file=target, weight=weight) if target is not None else None


def decimal(written: str) -> Decimal | None:
    """Return the number that ``written`` holds, if it holds one of at most a million."""
    try:
        value = Decimal(written)
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value) <= _LARGEST else None
