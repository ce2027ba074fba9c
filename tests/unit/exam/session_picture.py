"""Draws `docs/sessions.md` from the table: ``python -m tests.unit.exam.session_picture``."""

from collections import defaultdict

from exam.session import ENDED, TABLE, HandedIn, State
from tests.source_tree import ROOT

PAGE = ROOT / "docs" / "sessions.md"

TEXT = """# Sessions

Where a candidate stands in one subject, and what may happen. Drawn from the table in
`exam/session.py`, which box and seat both use; what is not drawn is refused. Happenings
that leave the state as it is, such as `LoggedIn` after a crash, stand below the picture.

```mermaid
stateDiagram-v2
    [*] --> {first}
{arrows}
{ends}
```

| state | stays so at |
|---|---|
{staying}
"""


def moves() -> dict[tuple[State, State], list[str]]:
    """Return the names of the happenings on each way from state to state."""
    found: dict[tuple[State, State], list[str]] = defaultdict(list)
    for happening, row in TABLE.items():
        for before, after in row.items():
            found[before, after].append(happening.__name__)
            if happening is HandedIn:
                found[before, State.HANDED_IN_PROVISIONALLY].append("HandedIn, provisional")
    return found


def page() -> str:
    """Return the page as the table has it."""
    ways = moves()
    arrows = [
        f"    {a} --> {b}: {', '.join(names)}" for (a, b), names in ways.items() if a is not b
    ]
    ends = [f"    {state} --> [*]" for state in State if state in ENDED]
    staying = [f"| {a} | {', '.join(names)} |" for (a, b), names in ways.items() if a is b]
    return TEXT.format(
        first=State.EXPECTED.value,
        arrows="\n".join(arrows),
        ends="\n".join(ends),
        staying="\n".join(sorted(staying)),
    )


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
