"""Runs all benchmarks one after another: ``python -m benchmarks [--json FOLDER] [NAME ...]``.

A benchmark is a module of this package whose ``main`` returns an exit code. Each is run as a
program of its own, ``python -m benchmarks.NAME --json FILE``, so that none warms or burdens the
next, and prints its own table. The exit code is 1 where one of them failed, after all have run.
"""

import argparse
import ast
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def names() -> list[str]:
    """Return the benchmarks: the modules beside this one that define ``main() -> int``."""
    return sorted(
        path.stem for path in HERE.glob("*.py") if path.stem != "__main__" and _has_main(path)
    )


def _has_main(path: Path) -> bool:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return any(
        isinstance(node, ast.FunctionDef)
        and node.name == "main"
        and isinstance(node.returns, ast.Name)
        and node.returns.id == "int"
        for node in body
    )


def main() -> int:
    """Run the benchmarks that were asked for, or all."""
    found = names()
    parser = argparse.ArgumentParser(prog="benchmarks", description="speeds beside baselines")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(found)}")
    parser.add_argument("--json", type=Path, default=Path("build/bench"), metavar="FOLDER")
    options = parser.parse_args()
    if unknown := sorted(set(options.names) - set(found)):
        parser.error(f"expected some of {', '.join(found)}; got {', '.join(unknown)}")
    options.json.mkdir(parents=True, exist_ok=True)
    failed = [name for name in options.names or found if run(name, options.json) != 0]
    print(f"\nwritten to {options.json}" + (f"; failed: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


def run(name: str, folder: Path) -> int:
    """Run one benchmark in a process of its own and return its exit code."""
    print(f"\n== {name}", flush=True)
    command = [sys.executable, "-m", f"benchmarks.{name}", "--json", str(folder / f"{name}.json")]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
