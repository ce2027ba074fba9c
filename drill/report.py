"""The drill's report: what was done, what came of it, and whether all of it arrived.

Pure but for `write`: records and what the office holds in, one value out. ``ok`` only when
what was typed and what the office verified are the same, digest for digest.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from drill.candidate import Record
from drill.office_store import HeldAnswer, LaneHeld, OfficeHolds, response_digest
from protocol.values import sha256_hex
from runtime.files import write_atomic


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """Quantiles of measurements, in ms."""

    count: int
    p50: float
    p95: float
    p99: float
    max: float


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """Answers on one side. ``digest``: SHA-256 over seat, item and digest of each that stands."""

    events: int
    """Every answer, each change of one counted."""
    standing: int
    """Items with an answer, the last one of each."""
    digest: str


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """When P reached the seats: one clock, since all are on this machine."""

    seats: int
    spread_ms: int


class Face(msgspec.Struct, frozen=True, kw_only=True):
    """One candidate's way through the face check."""

    seat: str
    impostor: bool
    camera: bool
    tries: int
    distance: int
    """In thousandths; -1 where nothing was measured."""
    outcome: str


class Packing(msgspec.Struct, frozen=True, kw_only=True):
    """How the seats were run."""

    processes: int
    how: str


class LineUsed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the line between centre and office."""

    cuts: int = 0
    cut_s: float = 0.0
    """All of them together."""
    answers_while_cut: int = 0

    def and_cut(self, seconds: float, answers: int) -> "LineUsed":
        """Add one more cut, and what was typed meanwhile."""
        return LineUsed(
            cuts=self.cuts + 1,
            cut_s=round(self.cut_s + seconds, 1),
            answers_while_cut=self.answers_while_cut + answers,
        )


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that went wrong on purpose."""

    what: str
    at_s: float
    """When it began, since candidates began to write."""
    whom: str
    """The program or seat; empty where it was the line or the disk."""
    how: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything; see the module."""

    seats: int
    minutes: float
    """As asked for: the candidates' own time; of chaos, how long things go wrong."""
    seed: str
    packing: Packing
    ok: bool
    mismatches: tuple[str, ...]
    skipped: tuple[str, ...]
    """What this drill did not do, in words."""
    typed: Answers
    verified: Answers
    save_to_disk_ms: Spread
    save_to_acknowledgement_ms: Spread
    release: Release
    dlib: str
    face_checks: int
    """Looks at a face that the appliance began and ended."""
    faces: tuple[Face, ...]
    deaths: Mapping[str, int]
    """Programs that ended before they were told to, and how often."""
    endings: Mapping[str, int]
    accounts: tuple[str, ...]
    lanes: Mapping[str, LaneHeld]
    line: LineUsed
    faults: tuple[Fault, ...]
    phases_s: Mapping[str, float]


def spread(values: Iterable[float]) -> Spread:
    """Return the quantiles, by the nearest rank."""
    ordered = sorted(values)
    if not ordered:
        return Spread(count=0, p50=0, p95=0, p99=0, max=0)

    def rank(share: float) -> float:
        return round(ordered[math.ceil(share * len(ordered)) - 1], 1)

    return Spread(count=len(ordered), p50=rank(0.5), p95=rank(0.95), p99=rank(0.99), max=rank(1.0))


def typed(records: Sequence[Record]) -> Answers:
    """Add up what was typed at the seats."""
    standing = {
        (record.id_number, item): response_digest(response)
        for record in records
        for item, response in record.final().items()
    }
    return _answers(sum(len(record.answers) for record in records), standing)


def verified(holds: OfficeHolds, id_numbers: Mapping[str, str]) -> Answers:
    """Add up what the office holds; ``id_numbers`` by the candidates' identifiers."""
    standing = {
        (id_numbers.get(candidate, candidate), item): digest
        for candidate, finals in holds.finals.items()
        for item, digest in finals.items()
    }
    return _answers(sum(len(held) for held in holds.answers.values()), standing)


def _answers(events: int, standing: Mapping[tuple[str, str], str]) -> Answers:
    lines = "".join(f"{who} {item} {standing[who, item]}\n" for who, item in sorted(standing))
    return Answers(events=events, standing=len(standing), digest=sha256_hex(lines.encode()))


def all_came(found: Sequence[str], typed: Answers, verified: Answers, holds: OfficeHolds) -> bool:
    """Say whether both are the same, and the office misses nothing."""
    return not found and typed == verified and holds.complete


def mismatches(
    records: Sequence[Record], holds: OfficeHolds, candidates: Mapping[str, str]
) -> list[str]:
    """Name everything that is not the same on both sides.

    ``candidates`` gives the office's identifier of a candidate by ID number.
    """
    found = [f"seat {r.seat}: {problem}" for r in records for problem in r.problems]
    for record in records:
        candidate = candidates[record.id_number]
        finals = {item: response_digest(last) for item, last in record.final().items()}
        held = holds.finals.get(candidate, {})
        found += [
            f"seat {record.seat}, item {item}: typed {finals.get(item, 'nothing')[:12]}, "
            f"the office holds {held.get(item, 'nothing')[:12]}"
            for item in sorted(finals.keys() | held.keys())
            if finals.get(item) != held.get(item)
        ]
        found += _of_events(record, holds.answers.get(candidate, []))
    strangers = holds.finals.keys() - set(candidates.values())
    found += [f"the office holds answers of an unknown candidate {one}" for one in strangers]
    return found


def _of_events(record: Record, held: Sequence[HeldAnswer]) -> list[str]:
    """Compare event by event: none missing, none twice, none of another content."""
    by_number = {answer.n: answer for answer in held}
    found = []
    for answer in record.answers:
        there = by_number.get(answer.event)
        if answer.event and there is None:
            found.append(f"seat {record.seat}: event {answer.event} was kept and is missing")
        elif there is not None and there.digest != response_digest(answer.response):
            found.append(f"seat {record.seat}: event {answer.event} holds another answer")
    typed_ones = Counter((a.item, response_digest(a.response)) for a in record.answers)
    held_ones = Counter((answer.item, answer.digest) for answer in held)
    for (item, digest), count in (held_ones - typed_ones).items():
        found.append(f"seat {record.seat}, item {item}: {digest[:12]} is held {count} too often")
    for (item, digest), count in (typed_ones - held_ones).items():
        found.append(f"seat {record.seat}, item {item}: {digest[:12]} is held {count} too seldom")
    return found


def write(report: Report, path: Path) -> None:
    """Write it as indented JSON. Blocks."""
    data = msgspec.json.format(msgspec.json.encode(report), indent=2)
    write_atomic(path, data + b"\n")


def logged(folder: Path, message: str) -> list[dict[str, Any]]:
    """Return the records whose message begins as the regular expression says. Blocks."""
    found = []
    for path in sorted(folder.glob("*.log")):
        for line in path.read_bytes().splitlines():
            record = _record(line)
            if re.match(message, str(record.get("message", ""))):
                found.append(record)
    return found


def _record(line: bytes) -> dict[str, Any]:
    """Return one line of a log; what is none (a traceback of the interpreter) is empty."""
    try:
        found = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}
