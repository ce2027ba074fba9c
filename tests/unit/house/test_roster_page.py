"""Chapter 1 says what provisioning takes: columns, the photos' filing rule, QTI."""

import re

from provisioning.qti.items import _KNOWN
from provisioning.qti.xml import QTI_NAMESPACES
from provisioning.roster.columns import HEADER_WITHIN, Column, column_of
from provisioning.roster.photos import EXTENSIONS, filing_key
from tests.source_tree import ROOT

PAGE = (ROOT / "docs/1_before_the_day.md").read_text("utf-8")
ROWS = re.findall(r"(?m)^\| `([^`|]+)` \| (`[^|]+) \|", PAGE)


def test_every_column_stands_there() -> None:
    """The table has each column of the roster, by its own heading, and no other."""
    assert [heading for heading, _ in ROWS] == [column.value for column in _in_order()]
    assert f"its first {HEADER_WITHIN} rows" in PAGE


def _in_order() -> list[Column]:
    order = [heading for heading, _ in ROWS]
    return sorted(Column, key=lambda column: order.index(column.value))


def test_every_heading_given_is_read_as_that_column() -> None:
    """Also the other words for a column."""
    read = {
        word: column_of(word)
        for heading, others in ROWS
        for word in [heading, *re.findall("`([^`]+)`", others)]
    }
    assert len(read) > 2 * len(Column)
    meant = {
        word: Column(heading)
        for heading, others in ROWS
        for word in [heading, *re.findall("`([^`]+)`", others)]
    }
    assert read == meant


def test_the_filing_rule_stands_there() -> None:
    """Name and ID number, with or without the plus, in these forms of picture."""
    example = re.search(r"`([^`]+\+\d{17}[\dX])\.jpg`", PAGE)
    assert example is not None
    assert filing_key(example[1]) == filing_key(example[1].replace("+", ""))
    assert {form for form in EXTENSIONS if f"`{form}`" not in PAGE} == set()


def test_the_qti_that_is_taken_stands_there() -> None:
    """Versions and interactions."""
    versions = re.search(r"QTI ([\d., or]+), as a package", PAGE)
    assert versions is not None
    assert set(re.findall(r"\d\.\d", versions[1])) == set(QTI_NAMESPACES.values())
    assert {kind for kind in _KNOWN if f"`{kind}`" not in PAGE} == set()
