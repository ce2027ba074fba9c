"""The sample paper as a content package of QTI 2.1, 2.2 or 3.0.

Written from the standard's form: manifest with its resources and their files, one test with
parts and weights, one file an item. 3.0 has the same elements under other names.
"""

import io
import re
import zipfile
from typing import Final, Literal
from xml.sax.saxutils import escape, quoteattr

import msgspec

from drill.sample_questions import BLOCKS, LEVELS, PARTS, Question, draw_blocks, draw_levels

Version = Literal["2.1", "2.2", "3.0"]
VERSIONS: Final[tuple[Version, ...]] = ("2.1", "2.2", "3.0")
TITLE: Final = "城市信息模型应用基础（样卷）"


class _Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """What differs between the versions."""

    namespace: str
    packaging: str
    templates: str
    suffix: str


_DIALECTS: Final[dict[Version, _Dialect]] = {
    "2.1": _Dialect(
        namespace="http://www.imsglobal.org/xsd/imsqti_v2p1",
        packaging="http://www.imsglobal.org/xsd/imscp_v1p1",
        templates="http://www.imsglobal.org/question/qti_v2p1/rptemplates/{}",
        suffix="xmlv2p1",
    ),
    "2.2": _Dialect(
        namespace="http://www.imsglobal.org/xsd/imsqti_v2p2",
        packaging="http://www.imsglobal.org/xsd/imscp_v1p1",
        templates="http://www.imsglobal.org/question/qti_v2p2/rptemplates/{}.xml",
        suffix="xmlv2p2",
    ),
    "3.0": _Dialect(
        namespace="http://www.imsglobal.org/xsd/imsqtiasi_v3p0",
        packaging="http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1",
        templates="https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/{}.xml",
        suffix="xmlv3p0",
    ),
}
_QTI_NAMES: Final = frozenset(
    """assessmentItem assessmentTest assessmentSection assessmentItemRef testPart weight
    responseDeclaration outcomeDeclaration correctResponse defaultValue value mapping mapEntry
    itemBody rubricBlock prompt choiceInteraction simpleChoice textEntryInteraction
    extendedTextInteraction responseProcessing setOutcomeValue sum mapResponse""".split()  # noqa: SIM905
)
_TAG: Final = re.compile(r"<(/?)([A-Za-z][\w-]*)([^<>]*?)(/?)>")
_ATTRIBUTE: Final = re.compile(r"\b([a-z]+(?:[A-Z][a-z]+)+)=")


def paper_package(version: Version = "2.1") -> bytes:
    """Return the zip of the sample paper: 13 items, 100 points."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _files(version).items():
            archive.writestr(name, content)
    return stream.getvalue()


def _files(version: Version) -> dict[str, str | bytes]:
    dialect = _DIALECTS[version]
    items = {
        f"items/{question.identifier}.xml": _xml(_item(question, dialect), version)
        for questions in PARTS.values()
        for question in questions
    }
    return {
        "imsmanifest.xml": _manifest(dialect, list(items)),
        "test.xml": _xml(_test(dialect), version),
        **items,
        BLOCKS: draw_blocks(),
        LEVELS: draw_levels(),
    }


def _manifest(dialect: _Dialect, items: list[str]) -> str:
    listed = [("test", "test", "test.xml")]
    listed += [(f"r{number:02d}", "item", item) for number, item in enumerate(items, start=1)]
    rows = [
        f'    <resource identifier="{identifier}" type="imsqti_{kind}_{dialect.suffix}" '
        f'href="{file}">\n      <file href="{file}"/>\n    </resource>'
        for identifier, kind, file in listed
    ]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<manifest xmlns="{dialect.packaging}" identifier="sample-paper">\n'
        "  <metadata><schema>QTI Package</schema></metadata>\n  <organizations/>\n"
        "  <resources>\n" + "\n".join(rows) + "\n  </resources>\n</manifest>\n"
    )


def _test(dialect: _Dialect) -> str:
    sections = []
    for number, (title, questions) in enumerate(PARTS.items(), start=1):
        refs = "\n".join(
            f'<assessmentItemRef identifier="ref-{q.identifier}" href="items/{q.identifier}.xml">'
            f'<weight identifier="WEIGHT" value="{q.weight}"/></assessmentItemRef>'
            for q in questions
        )
        sections.append(
            f'<assessmentSection identifier="part-{number}" title={quoteattr(title)} '
            f'visible="true">\n{refs}\n</assessmentSection>'
        )
    return (
        f'<assessmentTest xmlns="{dialect.namespace}" identifier="sample-paper" '
        f'title={quoteattr(TITLE)} xml:lang="zh-CN">\n'
        '<testPart identifier="all" navigationMode="nonlinear" submissionMode="simultaneous">\n'
        + "\n".join(sections)
        + "\n</testPart>\n</assessmentTest>"
    )


def _item(question: Question, dialect: _Dialect) -> str:
    match question.kind:
        case "choice" | "choices":
            inner = _choice(question, dialect)
        case "blanks":
            inner = _blanks(question)
        case _:
            inner = _essay(question)
    return (
        f'<assessmentItem xmlns="{dialect.namespace}" identifier="{question.identifier}" '
        f'title="{question.identifier}" adaptive="false" timeDependent="false" '
        f'xml:lang="zh-CN">\n{inner}\n</assessmentItem>'
    )


def _choice(question: Question, dialect: _Dialect) -> str:
    several = question.kind == "choices"
    key = "".join(f"<value>{option}</value>" for option in question.key)
    entries = "".join(
        f'<mapEntry mapKey="{option}" mappedValue="{points}"/>'
        for option, points in question.partial.items()
    )
    mapping = f'<mapping lowerBound="0" defaultValue="0">{entries}</mapping>' if entries else ""
    template = dialect.templates.format("map_response" if entries else "match_correct")
    choices = "\n".join(
        f'<simpleChoice identifier="{name}">{escape(text)}</simpleChoice>'
        for name, text in question.options.items()
    )
    shuffle = "false" if set(question.options) == {"T", "F"} else "true"
    return (
        f'<responseDeclaration identifier="RESPONSE" baseType="identifier" '
        f'cardinality="{"multiple" if several else "single"}">'
        f"<correctResponse>{key}</correctResponse>{mapping}</responseDeclaration>\n"
        f"<itemBody>{question.body}\n"
        f'<choiceInteraction responseIdentifier="RESPONSE" shuffle="{shuffle}" '
        f'maxChoices="{0 if several else 1}"><prompt>{escape(question.prompt)}</prompt>\n'
        f"{choices}\n</choiceInteraction></itemBody>\n"
        f'<responseProcessing template="{template}"/>'
    )


def _blanks(question: Question) -> str:
    declarations, fields = [], {}
    for response, accepted in question.blanks.items():
        entries = "".join(
            f'<mapEntry mapKey="{text}" mappedValue="1" caseSensitive="false"/>'
            for text in accepted
        )
        declarations.append(
            f'<responseDeclaration identifier="{response}" cardinality="single" '
            f'baseType="string"><mapping defaultValue="0">{entries}</mapping>'
            "</responseDeclaration>"
        )
        fields[response] = (
            f'<textEntryInteraction responseIdentifier="{response}" expectedLength="8"/>'
        )
    total = "".join(f'<mapResponse identifier="{response}"/>' for response in question.blanks)
    return (
        "\n".join(declarations)
        + f"\n<itemBody>{question.prompt.format(**fields)}</itemBody>\n"
        + f'<responseProcessing><setOutcomeValue identifier="SCORE"><sum>{total}</sum>'
        "</setOutcomeValue></responseProcessing>"
    )


def _essay(question: Question) -> str:
    return (
        '<responseDeclaration identifier="RESPONSE" cardinality="single" baseType="string"/>\n'
        f'<itemBody><rubricBlock view="scorer"><p>{escape(question.guidance)}</p></rubricBlock>\n'
        '<extendedTextInteraction responseIdentifier="RESPONSE" expectedLength="300">'
        f"<prompt>{escape(question.prompt)}</prompt></extendedTextInteraction></itemBody>"
    )


def _xml(text: str, version: Version) -> str:
    """Return a document in the names of its version."""
    written = _TAG.sub(_renamed, text) if version == "3.0" else text
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{written}\n'


def _renamed(tag: re.Match[str]) -> str:
    closing, name, attributes, end = tag.groups()
    if name not in _QTI_NAMES:
        return tag.group()
    kebab = _ATTRIBUTE.sub(lambda found: f"{_kebab(found.group(1))}=", attributes)
    return f"<{closing}qti-{_kebab(name)}{kebab}{end}>"


def _kebab(camel: str) -> str:
    return re.sub(r"[A-Z]", lambda found: "-" + found.group().lower(), camel)
