"""Each dependency is locked, hashed, and chosen for a reason that is written down."""

import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.source_tree import ROOT, pyproject

DECISIONS = ROOT / "docs" / "decisions"
ROW = re.compile(r"^\| `([\w.-]+)` \| ([^|]+) \|", re.MULTILINE)
# Licences that a product under Apache-2.0 may import; the LGPL ones unaltered and replaceable.
LICENCES = {
    "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "HPND", "LGPL-2.1-or-later",
    "LGPL-3.0-or-later", "MIT", "MIT-CMU", "MPL-2.0", "0BSD", "Zlib", "CC0-1.0",
}  # fmt: skip


def wanted(group: str) -> list[Requirement]:
    """Return what pyproject.toml asks for: `product`, or `dev` on top of it."""
    project = pyproject()["project"]
    lines = list(project["dependencies"])
    if group == "dev":
        lines += project["optional-dependencies"]["dev"]
    return [Requirement(line) for line in lines]


def locked(name: str) -> dict[str, list[str]]:
    """Return the `name==version` of each package of a lock, with its hashes."""
    text = (ROOT / name).read_text(encoding="utf-8")
    entries = re.findall(
        r"^([a-z0-9._-]+==\S+) \\\n((?:    --hash=\S+(?: \\)?\n)+)", text, re.MULTILINE
    )
    return {entry: re.findall(r"sha256:[0-9a-f]{64}", hashes) for entry, hashes in entries}


@pytest.mark.parametrize(
    ("lock", "group"), [("requirements.lock", "product"), ("requirements-dev.lock", "dev")]
)
def test_the_lock_holds_what_pyproject_asks_for(lock: str, group: str) -> None:
    """Every requirement is locked to a version that satisfies it; `make lock` mends it."""
    versions = dict(entry.split("==") for entry in locked(lock))
    for requirement in wanted(group):
        version = versions.get(canonicalize_name(requirement.name))
        assert version, f"{requirement.name} is not in {lock}: run make lock"
        assert version in requirement.specifier, f"{lock} has {version} of {requirement}: make lock"


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_locked_package_is_hashed_and_no_address_is_named(lock: str) -> None:
    """A lock names versions and hashes only: no index, no host, no folder of this machine."""
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    pinned = [line for line in lines if re.match(r"^[a-z0-9]", line)]
    assert pinned
    assert len(pinned) == len(locked(lock))
    bad = [line for line in lines if line.startswith("--") or "://" in line or "@ " in line]
    assert not bad


def test_the_dev_lock_agrees_with_the_product_s() -> None:
    """What tests run with is what people run with, to the version."""
    assert locked("requirements.lock").items() <= locked("requirements-dev.lock").items()


def decided() -> dict[str, str]:
    """Return the licence that the decision records give beside each of our packages' names.

    Tables of other things (alternatives that were not chosen, say) name no package of ours.
    """
    ours = {entry.split("==")[0] for entry in locked("requirements-dev.lock")}
    rows = {}
    for page in sorted(DECISIONS.glob("*.md")):
        for name, licence in ROW.findall(page.read_text(encoding="utf-8")):
            if (package := canonicalize_name(name)) in ours:
                rows[package] = licence.strip()
    return rows


def test_every_dependency_has_a_decision_record() -> None:
    """A row in docs/decisions/ gives each package's licence, its use and its alternatives."""
    rows = decided()
    missing = [r.name for r in wanted("dev") if canonicalize_name(r.name) not in rows]
    assert not missing, f"no row `| `name` | licence | ... |` in docs/decisions/ for {missing}"


def test_every_licence_is_one_that_we_may_use() -> None:
    """No dependency brings a licence that the product could not be handed out with."""
    strange = {
        name: licence
        for name, licence in decided().items()
        if not set(re.split(r" (?:AND|OR) ", licence)) <= LICENCES
    }
    assert not strange
