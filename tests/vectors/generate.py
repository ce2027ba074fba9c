"""Writes the vectors that freeze the formats: ``python -m tests.vectors.generate``.

The same bytes come out each time. A file that is there already and would change is never
written over, unless with ``--i-am-changing-the-format``: records signed in the field can no
longer be read then. A new way to say something gets a new payload type, not new vectors.
"""

import argparse
import sys
from pathlib import Path

from tests.vectors.making import decisions, envelopes, journals, logs, papers, parcels, statements

FOLDER = Path(__file__).parent
MAKERS = (envelopes, journals, decisions, statements, logs, papers, parcels)


def all_vectors() -> dict[str, str]:
    """Return every vector's text by its path below this folder."""
    found: dict[str, str] = {}
    for maker in MAKERS:
        for vector in maker.make():
            assert vector.path not in found, f"two vectors called {vector.path}"
            found[vector.path] = vector.text()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the vectors of the formats.")
    parser.add_argument("--i-am-changing-the-format", action="store_true", dest="change")
    change = parser.parse_args().change
    wanted = all_vectors()
    there = {
        str(path.relative_to(FOLDER)): path.read_text("utf-8") for path in FOLDER.glob("*/*.json")
    }
    touched = sorted(p for p, text in there.items() if wanted.get(p) != text)
    if touched and not change:
        print(f"{len(touched)} frozen vectors would change; nothing was written:", file=sys.stderr)
        print("\n".join(f"  {path}" for path in touched), file=sys.stderr)
        return 1
    for path in touched:
        (FOLDER / path).unlink()
    new = [path for path in wanted if path not in there or path in touched]
    for path in new:
        (FOLDER / path).parent.mkdir(exist_ok=True)
        (FOLDER / path).write_text(wanted[path], "utf-8")
    print(f"{len(new)} vectors written, {len(wanted) - len(new)} left as they are")
    return 0


if __name__ == "__main__":
    sys.exit(main())
