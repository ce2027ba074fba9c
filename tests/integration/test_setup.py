"""Set-up says what it lacks and touches nothing that is there already."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.source_tree import ROOT

PREPARE = ROOT / "setup" / "prepare"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Return a folder of programs that stand for a machine: nothing installed, nobody root."""
    says = {
        "dpkg-query": "echo python3-venv not-installed",
        "id": "echo 1000",
        "sudo": "exit 1",
        "apt-get": f"touch {tmp_path}/apt-was-run",
    }
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, body in says.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


def prepare(machine: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run set-up on that machine."""
    return subprocess.run(
        [str(PREPARE), *arguments],
        env={**os.environ, "PATH": f"{machine}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_root_it_names_the_command_to_run(machine: Path) -> None:
    """Who may not install packages is told which are missing and the one command that helps."""
    ran = prepare(machine, "demo")
    assert ran.returncode == 1
    command = "sudo apt-get update && sudo apt-get install -y --no-install-recommends python3-venv"
    assert command in ran.stderr
    assert not (machine.parent / "apt-was-run").exists()


def test_the_tests_ask_for_what_they_need_too(machine: Path) -> None:
    """The group for tests adds its packages to those of the product."""
    ran = prepare(machine, "test")
    assert "python3-venv" in ran.stderr
    assert "chromium" in ran.stderr


def test_an_unknown_group_is_refused(machine: Path) -> None:
    """A wrong word is named beside the right ones."""
    ran = prepare(machine, "dmeo")
    assert ran.returncode == 1
    assert "expected one of: demo, test, dlib; got 'dmeo'" in ran.stderr


def test_root_installs_only_what_is_missing(machine: Path) -> None:
    """As root the missing packages are installed, and those that are there are not named again."""
    (machine / "id").write_text("#!/bin/sh\necho 0\n", encoding="utf-8")
    called = machine.parent / "called"
    (machine / "dpkg-query").write_text(
        "#!/bin/sh\necho python3-venv installed\necho chromium deinstall\n", encoding="utf-8"
    )
    (machine / "apt-get").write_text(f'#!/bin/sh\necho "$@" >>{called}\nexit 7\n', encoding="utf-8")
    ran = prepare(machine, "test")
    assert ran.returncode == 1
    assert "apt-get could not install" in ran.stderr
    update, install = called.read_text(encoding="utf-8").splitlines()
    assert update.split()[-1] == "update"
    assert "chromium" in install.split()
    assert "python3-venv" not in install.split()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a copy of what set-up reads, with a Python whose pip only writes down its calls."""
    folder = tmp_path / "checkout"
    shutil.copytree(ROOT / "setup", folder / "setup")
    for name in ("pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, folder)
    python = folder / "python"
    python.write_text(FAKE_PYTHON, encoding="utf-8")
    python.chmod(0o755)
    return folder


FAKE_PYTHON = """#!/bin/sh
case "$1 $2" in
    "-m venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python && touch .venv/bin/pip
               chmod +x .venv/bin/pip ;;
    "-m pip") echo "$@" >>calls ;;
    "--version ") echo Python 3.11.2 ;;
    "-c import"*) case "$2" in *metadata*) exit 1 ;; *print*) echo cp311 ;; esac ;;
esac
"""


def calls(checkout: Path, machine: Path) -> list[str]:
    """Set up as root with all Debian packages there, and return pip's calls in order."""
    (checkout / "calls").unlink(missing_ok=True)
    installed = "#!/bin/sh\nshift 3\nfor name; do echo $name installed; done\n"
    (machine / "dpkg-query").write_text(installed, encoding="utf-8")
    ran = subprocess.run(
        [str(checkout / "setup" / "prepare"), "demo"],
        env={
            "PATH": f"{machine}:/usr/bin:/bin",
            "HOME": str(checkout),
            "PYTHON": str(checkout / "python"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    written = checkout / "calls"
    return written.read_text(encoding="utf-8").splitlines() if written.exists() else []


def test_everything_is_installed_by_hash_and_once(checkout: Path, machine: Path) -> None:
    """The builder, the lock and the product are installed in this order; then nothing again."""
    builder, lock, product = calls(checkout, machine)
    assert "--require-hashes -r /" in builder
    assert "--require-hashes --no-build-isolation --use-pep517 -r requirements.lock" in lock
    assert product.endswith("--no-deps --no-build-isolation -e .")
    assert calls(checkout, machine) == []


def test_a_changed_lock_is_installed(checkout: Path, machine: Path) -> None:
    """A lock with other contents is installed anew, whatever its date."""
    calls(checkout, machine)
    lock = checkout / "requirements.lock"
    date = lock.stat().st_mtime_ns
    lock.write_text(lock.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    os.utime(lock, ns=(date, date))
    assert len(calls(checkout, machine)) == 3


def test_a_fast_dlib_is_taken_when_it_is_there(checkout: Path, machine: Path) -> None:
    """The wheel of `make dlib` replaces the quick one, if it is for this Python."""
    calls(checkout, machine)
    wheels = checkout / ".cache" / "examhall" / "wheels"
    wheels.mkdir(parents=True)
    (wheels / "dlib-20.0-cp399-cp399-manylinux_2_35_x86_64.whl").touch()
    assert calls(checkout, machine) == []
    wheel = wheels / "dlib-20.0-cp311-cp311-manylinux_2_35_x86_64.whl"
    wheel.touch()
    taken = [call for call in calls(checkout, machine) if str(wheel) in call]
    assert bool(taken) == has_avx2()
    assert all("--no-index --no-deps" in call for call in taken)


def has_avx2() -> bool:
    """Tell whether this processor has what the fast build needs."""
    return " avx2 " in Path("/proc/cpuinfo").read_text(encoding="utf-8")
