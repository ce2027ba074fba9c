"""Error rates of the face comparison, measured on pictures that a centre has.

::

    python -m appliance.faces.report FOLDER [--json FILE]      (make face-report FOLDER)

``FOLDER`` holds one folder for each person with three or more pictures (JPEG, PNG), each
showing that person alone. Two tables:

* *pairs*: every picture against every other, at each threshold: how many pairs of one
  person would be refused, how many of two people accepted;
* *log-ins*: each picture once as the roster photo, the person's others in threes as the
  frames of a log-in, and everybody else's as an impostor's, judged by the very rules of
  a check (median, thresholds, first rank).

A rate of nought is given as its upper bound (95 %, rule of three): with few people it is
large, and says so. Where the people are not those who will sit, nor are the rates theirs.
"""

import argparse
import itertools
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from appliance.faces.build import inspect_build
from appliance.faces.engine import Engine, distance
from appliance.faces.errors import FaceError
from appliance.faces.judgement import Evidence, judge
from appliance.faces.look import Describe, Descriptor, Scale
from appliance.ipc.faces import Verdict

THRESHOLDS: Final = (300, 350, 400, 450, 500, 550, 600, 650)
ACCEPT_BELOW, REFUSE_ABOVE = 450, 600
_FEWEST: Final = 3
_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png"})

People = Mapping[str, Sequence[Descriptor]]


class PairRow(msgspec.Struct, frozen=True, kw_only=True):
    """One threshold, in thousandths: pairs on the wrong side of it."""

    threshold: int
    same_refused: int
    same: int
    different_accepted: int
    different: int


class LoginRow(msgspec.Struct, frozen=True, kw_only=True):
    """What checks would have said of the candidates themselves, or of impostors."""

    who: str
    checks: int
    accepted: int
    doubt: int
    refused: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was measured."""

    build: str
    people: int
    pictures: int
    left_out: tuple[str, ...]
    pairs: tuple[PairRow, ...]
    logins: tuple[LoginRow, ...]


def describe(folder: Path, engine: Engine) -> tuple[dict[str, list[Descriptor]], list[str]]:
    """Return descriptors by person, and the pictures left out with the reason."""
    people: dict[str, list[Descriptor]] = {}
    left_out: list[str] = []
    for path in sorted(folder.glob("*/*")):
        if path.suffix.lower() not in _SUFFIXES:
            continue
        try:
            look = engine.look(path.read_bytes(), (Scale.FULL, Scale.DOUBLE), Describe.LARGEST)
        except FaceError as error:
            left_out.append(f"{path}: {error}")
            continue
        found = look.faces[0].descriptor if len(look.faces) == 1 else None
        if found is None:
            left_out.append(f"{path}: expected one face, found {len(look.faces)}")
        else:
            people.setdefault(path.parent.name, []).append(found)
    return people, left_out


def pair_rows(people: People, thresholds: Iterable[int] = THRESHOLDS) -> tuple[PairRow, ...]:
    """Count the pairs on the wrong side of each threshold. Pure."""
    labelled = [(name, face) for name, found in people.items() for face in found]
    same: list[int] = []
    different: list[int] = []
    for (one, a), (other, b) in itertools.combinations(labelled, 2):
        (same if one == other else different).append(round(1000 * distance(a, b)))
    return tuple(
        PairRow(
            threshold=threshold,
            same_refused=sum(d > threshold for d in same),
            same=len(same),
            different_accepted=sum(d <= threshold for d in different),
            different=len(different),
        )
        for threshold in thresholds
    )


def login_rows(
    people: People, *, accept_below: int = ACCEPT_BELOW, refuse_above: int = REFUSE_ABOVE
) -> tuple[LoginRow, ...]:
    """Judge log-ins of the people themselves and of everybody else in their place. Pure."""
    own: Counter[Verdict] = Counter()
    impostors: Counter[Verdict] = Counter()
    enough = {name: found for name, found in people.items() if len(found) > _FEWEST}
    for name, found in enough.items():
        for n in range(len(found)):
            roster = {who: faces[n % len(faces)] for who, faces in enough.items()}
            for sitter, faces in enough.items():
                counted = own if sitter == name else impostors
                frames = [face for m, face in enumerate(faces) if m != n % len(faces)]
                for three in _in_threes(frames):
                    counted[_verdict(name, roster, three, accept_below, refuse_above)] += 1
    return (_login_row("the candidate", own), _login_row("somebody else", impostors))


def _in_threes(frames: Sequence[Descriptor]) -> list[Sequence[Descriptor]]:
    return [frames[n : n + _FEWEST] for n in range(0, len(frames) - _FEWEST + 1, _FEWEST)]


def _verdict(
    candidate: str,
    roster: Mapping[str, Descriptor],
    frames: Sequence[Descriptor],
    accept_below: int,
    refuse_above: int,
) -> Verdict:
    used = []
    for face in frames:
        distances = {name: round(1000 * distance(face, roster[name])) for name in roster}
        own = distances.pop(candidate)
        used.append(Evidence(own=own, nearest=candidate, others=distances, sharpness=0.0))
    judged = judge(
        candidate, used, accept_below=accept_below, refuse_above=refuse_above, time_is_up=True
    )
    assert judged is not None  # when the time is up there is always one
    return judged.verdict


def _login_row(who: str, counted: Counter[Verdict]) -> LoginRow:
    return LoginRow(
        who=who,
        checks=sum(counted.values()) - counted[Verdict.NOT_SEEN],
        accepted=counted[Verdict.ACCEPTED],
        doubt=counted[Verdict.DOUBT],
        refused=counted[Verdict.REFUSED],
    )


def rate(count: int, of: int) -> str:
    """Return a share in percent; nought as its upper bound (95 %, rule of three)."""
    if not of:
        return "-"
    if not count:
        return f"< {min(100.0, 300 / of):.2f} %"
    return f"{100 * count / of:.2f} %"


def lines(report: Report) -> list[str]:
    """Return the report for people, as Markdown tables."""
    rules = f"accepted up to {ACCEPT_BELOW / 1000:.2f}, refused from {REFUSE_ABOVE / 1000:.2f}"
    return [
        f"{report.people} people, {report.pictures} pictures, {report.build}",
        *(f"left out: {line}" for line in report.left_out),
        "",
        "| threshold | pairs of one person refused | pairs of two people accepted |",
        "|---|---|---|",
        *(_pair_line(row) for row in report.pairs),
        "",
        f"Log-ins, the median of {_FEWEST} frames and first on the roster, {rules}:",
        "",
        "| at the seat | log-ins | accepted | to a person | refused |",
        "|---|---|---|---|---|",
        *(_login_line(row) for row in report.logins),
    ]


def _pair_line(row: PairRow) -> str:
    refused = f"{rate(row.same_refused, row.same)} of {row.same}"
    accepted = f"{rate(row.different_accepted, row.different)} of {row.different}"
    return f"| {row.threshold / 1000:.2f} | {refused} | {accepted} |"


def _login_line(row: LoginRow) -> str:
    rates = (rate(count, row.checks) for count in (row.accepted, row.doubt, row.refused))
    return f"| {row.who} | {row.checks} | {' | '.join(rates)} |"


def measure(folder: Path) -> Report:
    """Look at every picture and count; a tenth of a second for each."""
    people, left_out = describe(folder, Engine.load())
    return Report(
        build=str(inspect_build()),
        people=len(people),
        pictures=sum(map(len, people.values())),
        left_out=tuple(left_out),
        pairs=pair_rows(people),
        logins=login_rows(people),
    )


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="one folder of pictures for each person")
    parser.add_argument("--json", type=Path, help="where the numbers are written")
    options = parser.parse_args()
    report = measure(options.folder)
    if report.people < 2:  # noqa: PLR2004 - to be told apart
        sys.stderr.write(
            f"face-report: expected folders of two people or more in {options.folder}, "
            f"found {report.people}; one folder of pictures for each person\n"
        )
        return 2
    sys.stdout.write("\n".join(lines(report)) + "\n")
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
