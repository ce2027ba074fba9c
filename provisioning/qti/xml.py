"""Parse QTI's XML without ever looking outside it, and give one name to its three spellings.

QTI 2.1 and 2.2 write ``choiceInteraction`` and ``responseIdentifier``; 3.0 writes
``qti-choice-interaction`` and ``response-identifier``. All other modules use the names of
2.x, through `name` and `attribute`.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from lxml import etree

from provisioning.problems import Place, Problems
from provisioning.qti import messages

Element = etree._Element  # noqa: SLF001 (lxml's public documentation names the type so)

QTI_NAMESPACES: Final = {
    "http://www.imsglobal.org/xsd/imsqti_v2p1": "2.1",
    "http://www.imsglobal.org/xsd/imsqti_v2p2": "2.2",
    "http://www.imsglobal.org/xsd/imsqtiasi_v3p0": "3.0",
}
MATHML: Final = "http://www.w3.org/1998/Math/MathML"
XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_PREFIX: Final = "qti-"


def parse(data: bytes, file: str, problems: Problems) -> Element | None:
    """Return the root element, or None with the reason written to ``problems``.

    Entities are not resolved, no DTD is loaded, no network is used; any DOCTYPE refuses
    the file, since QTI has none.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        if b"<!DOCTYPE" in data:
            problems.add(messages.DOCTYPE, Place(file=file), came=error.msg)
        else:
            problems.add(messages.BAD_XML, Place(file=file, line=error.lineno or 0), came=error.msg)
        return None
    if _has_doctype(root):
        _refuse_doctype(root, file, problems)
        return None
    return root


def _has_doctype(root: Element) -> bool:
    info = _document(root)
    return info.internalDTD is not None or bool(info.system_url or info.public_id)


def _refuse_doctype(root: Element, file: str, problems: Problems) -> None:
    info = _document(root)
    entities = list(info.internalDTD.iterentities()) if info.internalDTD is not None else []
    outside = [(entity.name, entity.system_url) for entity in entities if entity.system_url]
    if info.system_url:
        outside.append(("DTD", info.system_url))
    for entity_name, url in outside:
        problems.add(messages.EXTERNAL_ENTITY, Place(file=file), name=entity_name, came=url)
    if not outside:
        problems.add(messages.DOCTYPE, Place(file=file), came="DOCTYPE")


def _document(root: Element) -> Any:
    """Return lxml's DocInfo, whose stub lacks most of its fields."""
    return root.getroottree().docinfo


def name(element: Element) -> str:
    """Return the local name in the spelling of QTI 2.x."""
    local = etree.QName(element).localname
    return _camel(local.removeprefix(_PREFIX)) if local.startswith(_PREFIX) else local


def written_name(element: Element) -> str:
    """Return the local name as the file writes it, for messages."""
    return etree.QName(element).localname


def namespace(element: Element) -> str:
    """Return the namespace, "" where there is none."""
    return etree.QName(element).namespace or ""


def line_of(element: Element) -> int:
    """Return the line of the file on which the element begins, 0 where unknown."""
    line: Any = element.sourceline  # the stub's type is "..."
    return int(line or 0)


def attribute(element: Element, wanted: str, default: str = "") -> str:
    """Return an attribute by its name in QTI 2.x, whichever way the file spells it."""
    value = element.get(wanted)
    if value is None:
        value = element.get(_kebab(wanted))
    return default if value is None else value.strip()


def children(element: Element, wanted: str) -> Iterator[Element]:
    """Yield the child elements of a name."""
    return (child for child in element if isinstance(child.tag, str) and name(child) == wanted)


def child(element: Element, wanted: str) -> Element | None:
    """Return the first child element of a name, if any."""
    return next(children(element, wanted), None)


def descendants(element: Element, wanted: str) -> Iterator[Element]:
    """Yield the elements of a name below ``element``, in document order."""
    return (
        found
        for found in element.iterdescendants()
        if isinstance(found.tag, str) and name(found) == wanted
    )


def text(element: Element) -> str:
    """Return all text within, its white space collapsed."""
    return " ".join("".join(str(piece) for piece in element.itertext()).split())


def language(element: Element) -> str:
    """Return ``xml:lang`` of the element, "" where there is none."""
    return (element.get(XML_LANG) or "").strip()


def check_root(root: Element, expected: str, file: str, problems: Problems) -> bool:
    """Say whether the root is ``expected`` of a version that we read; else write why not."""
    if namespace(root) in QTI_NAMESPACES and name(root) == expected:
        return True
    problems.add(
        messages.UNKNOWN_ROOT,
        Place(file=file, line=line_of(root)),
        expected=expected,
        came=f"{{{namespace(root)}}}{written_name(root)}",
    )
    return False


def _camel(kebab: str) -> str:
    first, *rest = kebab.split("-")
    return first + "".join(part.capitalize() for part in rest)


def _kebab(camel: str) -> str:
    return re.sub(r"[A-Z]", lambda found: "-" + found.group().lower(), camel)
