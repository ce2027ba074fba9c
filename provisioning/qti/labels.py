"""Make identifiers of ours from QTI's, which may be ``Q_1.a`` or ``题1``.

What can be kept is kept (``Q_1.a`` becomes ``q-1-a``); the rest is numbered in the order
of the file. The same package always gives the same labels.
"""

import re
from collections.abc import Iterable
from typing import Final

from exam.identifiers import PATTERN

_LABEL: Final = re.compile(PATTERN)


def make_labels(written: Iterable[str], prefix: str) -> dict[str, str]:
    """Return a distinct label for each distinct identifier; numbered ones begin with ``prefix``."""
    labels: dict[str, str] = {}
    for number, identifier in enumerate(dict.fromkeys(written), start=1):
        kept = re.sub(r"[^a-z0-9]+", "-", identifier.lower()).strip("-")
        plain = re.fullmatch(r"[A-Za-z0-9._ -]+", identifier) is not None
        usable = plain and _LABEL.fullmatch(kept) is not None and kept not in labels.values()
        labels[identifier] = kept if usable else _numbered(prefix, number, set(labels.values()))
    return labels


def _numbered(prefix: str, number: int, taken: set[str]) -> str:
    while f"{prefix}-{number}" in taken:
        number += 1
    return f"{prefix}-{number}"
