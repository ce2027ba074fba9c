"""The documents name things that exist, and follow the exam day."""

import argparse
import importlib
import re

import pytest

from tests.source_tree import ROOT, packages, pyproject, tracked

CHAPTERS = (
    "1_before_the_day", "2_the_hall_wakes_up", "3_the_candidate_sits_down", "4_the_exam",
    "5_the_watch", "6_the_console", "7_afterwards",
)  # fmt: skip
DOCUMENTS = [path for path in tracked() if path.suffix == ".md"]
FOLDERS = (*packages(), "benchmarks", "docs", "setup", "systemd", "tests")
PLACE = re.compile(rf"`((?:{'|'.join(FOLDERS)})/[\w/.-]*)`")
DOTTED = re.compile(rf"`((?:{'|'.join(packages())})(?:\.\w+)+)`")
COMMAND = re.compile(rf"\b({'|'.join(pyproject()['project']['scripts'])}) ([a-z][a-z-]+)")
MAKE = re.compile(r"(?:^|`)make ([a-z][a-z-]*)", re.MULTILINE)
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


def found(name: str) -> bool:
    """Tell whether a dotted name is a module of ours, or something in one."""
    module, _, rest = name.rpartition(".")
    try:
        importlib.import_module(name)
    except ImportError:
        return bool(module) and (
            hasattr(importlib.import_module(module), rest) if is_module(module) else found(module)
        )
    return True


def is_module(name: str) -> bool:
    """Tell whether a dotted name is a module or a package of ours."""
    path = ROOT / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").exists()


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_name_in_the_code_exists(document: str) -> None:
    """A dotted name in a document, such as `protocol.parcel`, is in the code."""
    text = (ROOT / document).read_text(encoding="utf-8")
    lost = [name for name in sorted(set(DOTTED.findall(text))) if not found(name)]
    assert not lost


def subcommands(command: str) -> set[str]:
    """Return what a command of ours can be told to do; empty where it takes no such word."""
    module = pyproject()["project"]["scripts"][command].partition(":")[0]
    make = getattr(importlib.import_module(module), "_parser", None)
    if make is None:
        return set()
    return {
        name
        for action in make()._actions
        if isinstance(action, argparse._SubParsersAction)
        for name in action.choices
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_command_in_the_documents_exists(document: str) -> None:
    """`exam-central enrol` and its like, and `make bench`, are things that can be run."""
    text = (ROOT / document).read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"`[^`\n]+`|^```sh\n.*?^```", text, re.MULTILINE | re.DOTALL))
    known = {name: subcommands(name) for name in pyproject()["project"]["scripts"]}
    lost = {
        f"{command} {word}"
        for command, word in COMMAND.findall(code)
        if known[command] and word not in known[command]
    }
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    lost |= {f"make {target}" for target in MAKE.findall(code) if target not in targets}
    assert not lost


def test_the_index_of_documents_has_every_page() -> None:
    """docs/README.md leads to every page of docs/, the decisions' README to every decision."""
    for folder in ("docs", "docs/decisions"):
        text = (ROOT / folder / "README.md").read_text(encoding="utf-8")
        pages = {path.name for path in (ROOT / folder).glob("*.md")} - {"README.md"}
        assert pages <= set(LINK.findall(text)), folder


def test_the_decisions_name_every_dependency() -> None:
    """Each package that the product imports stands in the list of decisions."""
    text = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    names = [re.split(r"[<>=]", line)[0] for line in pyproject()["project"]["dependencies"]]
    assert not [name for name in names if f"`{name}`" not in text]
