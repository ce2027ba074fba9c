"""One word for one thing, with its Chinese term beside it."""

import re
from typing import NamedTuple

import pytest

from exam.session import State
from tests.source_tree import ROOT, packages, tracked

GLOSSARY = ROOT / "docs" / "glossary.md"
ROW = re.compile(
    r"^\| (?P<terms>[^|]+) \| (?P<chinese>[^|]+) \| (?P<meaning>[^|]+) \|(?P<avoid>[^|]*)\|$",
    re.MULTILINE,
)
# The path of the data, as the README shows it.
ARTEFACTS = (
    "paper", "sealed paper", "bundle", "grant", "P", "answer", "acknowledgement", "judging frame",
    "segment", "receipt", "parcel", "office receipt",
)  # fmt: skip
READ_BY_PEOPLE = {".py", ".js", ".html", ".md", ".toml", ".sql"}


class Entry(NamedTuple):
    """A row: its terms, the Chinese one, and the words that are not used for it."""

    terms: list[str]
    chinese: str
    avoid: list[str]


def entries() -> list[Entry]:
    """Return the glossary's rows without the heads of its tables."""
    rows = ROW.finditer(GLOSSARY.read_text(encoding="utf-8"))
    return [
        Entry(
            terms=[re.sub(r" \(.*\)", "", term) for term in row["terms"].split(", ")],
            chinese=row["chinese"],
            avoid=[word.strip() for word in row["avoid"].split(",") if word.strip()],
        )
        for row in rows
        if row["terms"] not in {"term", "---"}
    ]


def known() -> set[str]:
    """Return every term of the glossary."""
    return {term for entry in entries() for term in entry.terms}


def test_every_term_has_its_chinese() -> None:
    """No row lacks the Chinese term, and no term stands twice."""
    rows = entries()
    assert rows
    without = [entry.terms for entry in rows if not re.search(r"[\u4e00-\u9fff]", entry.chinese)]
    assert not without
    terms = [term for entry in rows for term in entry.terms]
    assert len(terms) == len(set(terms))


@pytest.mark.parametrize("artefact", ARTEFACTS)
def test_every_artefact_is_explained(artefact: str) -> None:
    """What travels from machine to machine is in the glossary."""
    assert artefact in known()


def test_every_state_of_a_session_is_explained() -> None:
    """Where a candidate can stand in a subject is in the glossary, word for word."""
    assert {state.replace("_", " ") for state in State} <= known()


def test_no_other_word_is_used() -> None:
    """The words that the glossary puts aside stand nowhere in the product or its documents."""
    avoided = [word for entry in entries() for word in entry.avoid]
    assert avoided
    pattern = re.compile(rf"\b({'|'.join(avoided)})s?\b", re.IGNORECASE)
    found = [
        f"{path}: {used[0]}"
        for path in tracked(*packages(), "docs", "README.md")
        if path.suffix in READ_BY_PEOPLE and ROOT / path != GLOSSARY
        for used in pattern.finditer((ROOT / path).read_text(encoding="utf-8"))
    ]
    assert not found, f"docs/glossary.md has the word to use instead: {found}"
