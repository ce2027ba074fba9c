"""The product's own source as the house tests read it: every module with its tree, parsed once."""

import ast
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PURE = ("exam", "protocol")


@dataclass(frozen=True, kw_only=True)
class Module:
    """One Python file of ours; `path` is relative to the checkout."""

    path: Path
    text: str
    tree: ast.Module

    def at(self, node: ast.AST) -> str:
        """Say where a node stands, as editors open it."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}"


@cache
def pyproject() -> dict:
    """Return `pyproject.toml`."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@cache
def packages() -> tuple[str, ...]:
    """Return the top packages of the product, in the order of the import contracts."""
    return tuple(pyproject()["tool"]["importlinter"]["root_packages"])


@cache
def tracked(*folders: str) -> tuple[Path, ...]:
    """Return files that git knows or would take, below the folders, relative to the checkout."""
    command = [
        "git",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        "--",
        *folders,
    ]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    names = {Path(name) for name in listed.split("\0") if name}
    return tuple(sorted(name for name in names if (ROOT / name).is_file()))


@cache
def modules() -> tuple[Module, ...]:
    """Return every Python module of the product; tests and benchmarks are not among them."""
    return tuple(
        Module(path=path, text=text, tree=ast.parse(text, str(path)))
        for path in tracked(*packages())
        if path.suffix == ".py"
        for text in [(ROOT / path).read_text(encoding="utf-8")]
    )


def imports(module: Module) -> Iterator[tuple[ast.AST, str]]:
    """Yield each import of a module as its node and the full name imported."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


def calls(module: Module) -> Iterator[tuple[ast.Call, str]]:
    """Yield each call of a module with the dotted name it is called by, as it is written."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            yield node, ast.unparse(node.func)
