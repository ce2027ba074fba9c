"""What is installed is what is written: every module and every data file is in the wheel."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.source_tree import ROOT, packages, pyproject, tracked

BUILD_NEEDS = ("pyproject.toml", "README.md", "LICENSE")
NOT_INSTALLED = {".md", ".sh", ".lock"}  # what builds something stays in the checkout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Build the wheel from a copy of the tree, as a packager would, without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in [*tracked(*packages(), "docs"), *map(Path, BUILD_NEEDS)]:
        (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / "source" / name)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    built = subprocess.run(
        [*command, "--no-index", "--wheel-dir", str(folder), str(folder / "source")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = folder.glob("examhall-*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_has_every_file_of_the_packages(wheel: zipfile.ZipFile) -> None:
    """Each file below the product's packages, page, SQL and rule books included, is installed."""
    wanted = {str(path) for path in tracked(*packages()) if path.suffix not in NOT_INSTALLED}
    missing = sorted(wanted - set(wheel.namelist()))
    assert not missing, (
        f"not in the wheel: {missing}. Add the suffix to [tool.setuptools.package-data], or an "
        "__init__.py to the folder"
    )


def test_the_wheel_has_nothing_else(wheel: zipfile.ZipFile) -> None:
    """Tests, benchmarks and documents stay out of what is installed."""
    ours = set(packages())
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith((".dist-info", ".data"))} <= ours


def test_what_systemd_reads_lies_beside_the_environment(wheel: zipfile.ZipFile) -> None:
    """Beside the packages lie the packet filter and every page of docs/, and nothing else."""
    beside = {name.split(".data/data/")[1] for name in wheel.namelist() if ".data/data/" in name}
    pages = {f"share/doc/examhall/{path.relative_to('docs')}" for path in tracked("docs")}
    assert beside == {"share/examhall/packet_filter.nft", *pages}


@pytest.mark.parametrize("unit", sorted((ROOT / "systemd").glob("*.*")), ids=lambda path: path.name)
def test_the_page_that_a_unit_names_is_installed(wheel: zipfile.ZipFile, unit: Path) -> None:
    """Documentation= of a unit is a page that the package puts there."""
    if unit.is_dir():
        return
    named = re.findall(r"^Documentation=file:///opt/examhall/(.*)$", unit.read_text(), re.MULTILINE)
    beside = {name.split(".data/data/")[-1] for name in wheel.namelist()}
    assert set(named) <= beside


def test_every_command_is_installed(wheel: zipfile.ZipFile) -> None:
    """The wheel's commands are those that pyproject.toml promises."""
    (entry_points,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    text = wheel.read(entry_points).decode()
    scripts = pyproject()["project"]["scripts"]
    assert all(f"{name} = {target}" in text for name, target in scripts.items())
