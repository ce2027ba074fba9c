"""A QTI package that a test edits and then reads."""

import io
import zipfile
from collections.abc import Callable

import pytest
from PIL import Image

NAMESPACES = {
    "2.1": "http://www.imsglobal.org/xsd/imsqti_v2p1",
    "2.2": "http://www.imsglobal.org/xsd/imsqti_v2p2",
    "3.0": "http://www.imsglobal.org/xsd/imsqtiasi_v3p0",
}
MATCH = "http://www.imsglobal.org/question/qti_v2p1/rptemplates/match_correct"
MAP = "http://www.imsglobal.org/question/qti_v2p1/rptemplates/map_response"


class Package:
    """Items by file name, and any other files; `build` zips them with a manifest."""

    def __init__(self, version: str = "2.1") -> None:
        self.version = version
        self.files: dict[str, bytes] = {}
        self.items: list[str] = []
        self.test: str | None = None

    def add_item(self, identifier: str, inner: str, file: str = "", **attributes: str) -> str:
        """Add an item written in the names of QTI 2.x (3.0 has its own test data)."""
        file = file or f"items/{identifier}.xml"
        more = "".join(f' {name}="{value}"' for name, value in attributes.items())
        self.add_raw(
            file,
            f'<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<assessmentItem xmlns="{NAMESPACES[self.version]}" identifier="{identifier}" '
            f'title="t" timeDependent="false"{more}>\n{inner}\n</assessmentItem>',
        )
        return file

    def add_raw(self, file: str, text: str) -> None:
        """Add an item's file as it is."""
        self.files[file] = text.encode()
        self.items.append(file)

    def add_picture(self, path: str, size: tuple[int, int] = (8, 6)) -> bytes:
        """Add a small PNG and return its bytes."""
        stream = io.BytesIO()
        Image.new("RGB", size, "navy").save(stream, "PNG")
        self.files[path] = stream.getvalue()
        return stream.getvalue()

    def add_test(self, inner: str) -> None:
        """Add an assessment test with ``inner`` within its test part."""
        self.test = "test.xml"
        self.files[self.test] = (
            f'<assessmentTest xmlns="{NAMESPACES[self.version]}" identifier="t" '
            f'title="模拟试卷" xml:lang="zh-CN"><testPart identifier="p" '
            f'navigationMode="nonlinear" submissionMode="simultaneous">{inner}'
            f"</testPart></assessmentTest>"
        ).encode()

    def manifest(self) -> bytes:
        """Return the manifest that names the items and the test."""
        suffix = f"xmlv{self.version.replace('.', 'p')}"
        rows = [
            f'<resource identifier="r{n}" type="imsqti_item_{suffix}" href="{file}"/>'
            for n, file in enumerate(self.items)
        ]
        if self.test:
            rows.append(
                f'<resource identifier="t" type="imsqti_test_{suffix}" href="{self.test}"/>'
            )
        return (
            '<manifest xmlns="http://www.imsglobal.org/xsd/imscp_v1p1" identifier="m">'
            f"<organizations/><resources>{''.join(rows)}</resources></manifest>"
        ).encode()

    def build(self) -> bytes:
        """Return the zip."""
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in {"imsmanifest.xml": self.manifest(), **self.files}.items():
                archive.writestr(name, content)
        return stream.getvalue()


def choice(
    *,
    key: tuple[str, ...] = ("B",),
    most: int = 1,
    options: dict[str, str] | None = None,
    prompt: str = "CIM 的基础是什么？",
    body: str = "",
    extra: str = "",
    template: str = MATCH,
) -> str:
    """Return the inside of an item with one choice interaction."""
    options = options or {"A": "纸质图纸", "B": "BIM、GIS 与 IoT", "C": "传真"}
    cardinality = "single" if most == 1 else "multiple"
    values = "".join(f"<value>{value}</value>" for value in key)
    choices = "".join(
        f'<simpleChoice identifier="{name}">{text}</simpleChoice>' for name, text in options.items()
    )
    return (
        f'<responseDeclaration identifier="RESPONSE" cardinality="{cardinality}" '
        f'baseType="identifier"><correctResponse>{values}</correctResponse>{extra}'
        f"</responseDeclaration>\n"
        f"<itemBody>{body}"
        f'<choiceInteraction responseIdentifier="RESPONSE" maxChoices="{most}" shuffle="true">'
        f"<prompt>{prompt}</prompt>{choices}</choiceInteraction></itemBody>\n"
        f'<responseProcessing template="{template}"/>'
    )


@pytest.fixture
def package() -> Package:
    """Return an empty package of QTI 2.1."""
    return Package()


@pytest.fixture
def make_choice() -> Callable[..., str]:
    """Return the writer of choice items."""
    return choice


@pytest.fixture
def templates() -> dict[str, str]:
    """Return the addresses of the standard's two templates."""
    return {"match": MATCH, "map": MAP}
