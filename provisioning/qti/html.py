"""Turn the body of an item into clean HTML.

Two fences: every element must be on the list below, or the item is refused by its name
(nothing that a candidate needs is dropped silently); then nh3 cleans what we wrote, so
that a mistake of ours cannot let a script through. MathML Core stays MathML.
"""

from typing import Final

import nh3
from lxml import etree

from provisioning.problems import Place, Problems, Text
from provisioning.qti import messages, outline, xml
from provisioning.qti.pictures import Shelf

HTML_TAGS: Final = frozenset(
    {
        "abbr", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "cite", "code", "col",
        "colgroup", "dd", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2",
        "h3", "h4", "h5", "h6", "hr", "i", "img", "kbd", "li", "ol", "p", "pre", "q", "rp",
        "rt", "ruby", "s", "samp", "small", "span", "strong", "sub", "sup", "table", "tbody",
        "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var",
    }
)  # fmt: skip
MATHML_TAGS: Final = frozenset(
    {
        "math", "merror", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded",
        "mphantom", "mprescripts", "mroot", "mrow", "ms", "mspace", "msqrt", "mstyle", "msub",
        "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover", "semantics",
    }
)  # fmt: skip
ATTRIBUTES: Final[dict[str, set[str]]] = {
    "*": {"lang", "dir", "title"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan", "headers"},
    "th": {"colspan", "rowspan", "headers", "scope"},
    "col": {"span"},
    "colgroup": {"span"},
    "ol": {"start", "type", "reversed"},
    "li": {"value"},
    "math": {"display", "alttext"},
    "mi": {"mathvariant"},
    "mo": {
        "fence", "form", "largeop", "lspace", "maxsize", "minsize", "movablelimits", "rspace",
        "separator", "stretchy", "symmetric",
    },
    "mfrac": {"linethickness"},
    "mspace": {"width", "height", "depth"},
    "mpadded": {"width", "height", "depth", "lspace", "voffset"},
    "mstyle": {"displaystyle", "scriptlevel"},
    "mover": {"accent"},
    "munder": {"accentunder"},
    "munderover": {"accent", "accentunder"},
    "mtd": {"columnspan", "rowspan"},
}  # fmt: skip
DROPPED_MATHML: Final = frozenset({"annotation", "annotation-xml"})
"""Second forms of a formula for other programs; the first child of ``semantics`` is shown."""

_XHTML: Final = "http://www.w3.org/1999/xhtml"
_CONTAINERS: Final = frozenset({"prompt", "itemBody", "contentBody", "rubricBlock"})
_FEEDBACK: Final = frozenset({"feedbackInline", "feedbackBlock", "modalFeedback"})
_TEMPLATES: Final = frozenset({"templateInline", "templateBlock", "printedVariable"})


class Renderer:
    """Renders the content of one file; problems name that file and ``item``."""

    def __init__(
        self, *, file: str, item: str, files: dict[str, bytes], shelf: Shelf, problems: Problems
    ) -> None:
        self._file = file
        self._item = item
        self._files = files
        self._shelf = shelf
        self._problems = problems
        self.notes = Problems()
        self.blanks: dict[str, str] = {}
        """Identifier of each blank by the response that fills it."""

    def render(self, source: xml.Element) -> str:
        """Return the content of ``source`` as clean HTML."""
        target = etree.Element("div")
        self._fill(target, source)
        inner = etree.tostring(target, method="html", encoding="unicode")
        return clean(inner.removeprefix("<div>").removesuffix("</div>")).strip()

    def place(self, element: xml.Element) -> Place:
        """Return where ``element`` stands."""
        return Place(file=self._file, item=self._item, line=xml.line_of(element))

    def _fill(self, target: xml.Element, source: xml.Element) -> None:
        _append_text(target, source.text)
        for child in source:
            self._add(target, child)
            _append_text(target, child.tail)

    def _add(self, target: xml.Element, child: xml.Element) -> None:
        name = xml.name(child)
        if xml.namespace(child) == xml.MATHML:
            self._add_math(target, child)
        elif xml.namespace(child) not in (*xml.QTI_NAMESPACES, _XHTML):
            self._refuse(messages.UNKNOWN_ELEMENT, child)
        elif name in {"img", "object"}:
            self._add_picture(target, child, "src" if name == "img" else "data")
        elif name in HTML_TAGS:
            self._fill(_element(target, child, name), child)
        else:
            self._add_qti(target, child, name)

    def _add_qti(self, target: xml.Element, child: xml.Element, name: str) -> None:
        """Add an element of QTI's own. What a candidate must not see is left out."""
        if name == "textEntryInteraction":
            self._add_blank(target, child)
        elif name.endswith("Interaction"):
            for prompt in xml.children(child, "prompt"):
                self._fill(etree.SubElement(target, "div"), prompt)
        elif name == "rubricBlock" and not is_for_candidates(child):
            return
        elif name in _CONTAINERS:
            self._fill(etree.SubElement(target, "div"), child)
        elif name in _FEEDBACK:
            self.notes.add(messages.FEEDBACK_LEFT_OUT, self.place(child), name=name)
        elif name in _TEMPLATES:
            self._refuse(messages.ADAPTIVE, child)
        else:
            self._refuse(messages.UNKNOWN_ELEMENT, child)

    def _add_blank(self, target: xml.Element, child: xml.Element) -> None:
        blank = self.blanks.get(xml.attribute(child, "responseIdentifier"))
        if blank is not None:
            etree.SubElement(target, "span").set("data-blank", blank)

    def _add_math(self, target: xml.Element, child: xml.Element) -> None:
        name = xml.written_name(child)
        if name in DROPPED_MATHML:
            return
        if name not in MATHML_TAGS:
            self._refuse(messages.UNKNOWN_ELEMENT, child)
            return
        copy = _element(target, child, name)
        _append_text(copy, child.text)
        for inner in child:
            if xml.namespace(inner) == xml.MATHML:
                self._add_math(copy, inner)
            else:
                self._refuse(messages.UNKNOWN_ELEMENT, inner)
            _append_text(copy, inner.tail)

    def _add_picture(self, target: xml.Element, child: xml.Element, attribute: str) -> None:
        place = self.place(child)
        href = xml.attribute(child, attribute)
        path = outline.resolve(self._file, href, self._files, place, self._problems)
        if path is None:
            return
        source = self._shelf.take(path, self._files[path], place, self._problems)
        if source is None:
            return
        picture = _element(target, child, "img")
        picture.set("src", source)
        if "alt" not in picture.attrib:
            picture.set("alt", xml.text(child))

    def _refuse(self, text: Text, element: xml.Element) -> None:
        self._problems.add(text, self.place(element), name=xml.written_name(element))


def clean(html: str) -> str:
    """Return ``html`` with nothing but the elements and attributes of the lists above."""
    return nh3.clean(
        html,
        tags=set(HTML_TAGS | MATHML_TAGS),
        attributes=ATTRIBUTES | {"span": {"data-blank"}},
        clean_content_tags={"script", "style", *DROPPED_MATHML},
        link_rel=None,
        url_schemes=set(),
    )


def plain(html: str) -> str:
    """Return the text of clean HTML without its elements, white space collapsed."""
    if not html:
        return ""
    root = etree.fromstring(f"<div>{html}</div>", etree.HTMLParser())
    return xml.text(root)


def is_for_candidates(rubric: xml.Element) -> bool:
    """Say whether a ``rubricBlock`` is addressed to candidates (its ``view``)."""
    return "candidate" in xml.attribute(rubric, "view", "candidate").split()


def _element(target: xml.Element, source: xml.Element, name: str) -> xml.Element:
    """Append an element with those attributes of ``source`` that the list allows."""
    copy = etree.SubElement(target, name)
    for attribute in sorted(ATTRIBUTES["*"] | ATTRIBUTES.get(name, set())):
        value = source.get(attribute)
        if value is not None:
            copy.set(attribute, value)
    if xml.language(source):
        copy.set("lang", xml.language(source))
    return copy


def _append_text(target: xml.Element, more: str | None) -> None:
    if not more:
        return
    if len(target):
        target[-1].tail = (target[-1].tail or "") + more
    else:
        target.text = (target.text or "") + more


def escape(text: str) -> str:
    """Return text as HTML."""
    return nh3.clean_text(text)
