"""The documents name things that exist, and follow the exam day."""

import re

import pytest

from tests.source_tree import ROOT, packages, tracked

CHAPTERS = (
    "1_before_the_day", "2_the_hall_wakes_up", "3_the_candidate_sits_down", "4_the_exam",
    "5_the_watch", "6_the_console", "7_afterwards",
)  # fmt: skip
DOCUMENTS = [path for path in tracked() if path.suffix == ".md"]
FOLDERS = (*packages(), "benchmarks", "docs", "setup", "systemd", "tests")
PLACE = re.compile(rf"`((?:{'|'.join(FOLDERS)})/[\w/.-]*)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)[^)]*\)")


def exists(place: str) -> bool:
    """Tell whether there is such a folder or file, a module or page without its suffix included."""
    return any((ROOT / f"{place}{suffix}").exists() for suffix in ("", ".py", ".md"))


def test_the_chapters_follow_the_exam_day() -> None:
    """docs/ has the seven chapters of the day, each opening with its own number."""
    for name in CHAPTERS:
        first = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith(f"# {name[0]}. ")


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_place_in_the_code_exists(document: str) -> None:
    """A path in a document, such as `exam/session`, is a folder, a file or a module of ours."""
    text = (ROOT / document).read_text(encoding="utf-8")
    places = {place.rstrip("/") for place in PLACE.findall(text)}
    lost = [place for place in places if not exists(place)]
    assert not lost, f"{document} names what is not there: {sorted(lost)}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_link_leads_somewhere(document: str) -> None:
    """A link to another page of ours has that page."""
    text = (ROOT / document).read_text(encoding="utf-8")
    folder = (ROOT / document).parent
    lost = [link for link in LINK.findall(text) if not (folder / link).exists()]
    assert not lost
