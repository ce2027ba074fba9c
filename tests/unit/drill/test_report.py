"""The drill's comparison catches what it is there to catch, and its report says all."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from drill import commands, report
from drill.candidate import Record, TypedAnswer
from drill.cli import main
from drill.office_store import HeldAnswer, LaneHeld, OfficeHolds, response_digest
from drill.report import Face, LineUsed, Packing, Release, Report
from exam.paper import Chosen, Written

CANDIDATES = {"110": "c-001", "220": "c-002"}
NUMBERS = {candidate: number for number, candidate in CANDIDATES.items()}
ANSWERS = {
    "110": [(3, "q1", Chosen(options=("a",))), (5, "q2", Written(text="城"))],
    "220": [(3, "q1", Chosen(options=("b",))), (4, "q1", Chosen(options=("c",)))],
}


def records() -> list[Record]:
    return [
        Record(
            seat=f"a0{n}",
            id_number=number,
            answers=[TypedAnswer(event=e, item=i, response=r) for e, i, r in answers],
            save_ms=[float(n), 2.0 * n],
            acknowledge_ms=[10.0 * n],
            ending="handed_in",
        )
        for n, (number, answers) in enumerate(ANSWERS.items(), 1)
    ]


def holds() -> OfficeHolds:
    """Exactly what was typed."""
    return OfficeHolds(
        finals={
            CANDIDATES[r.id_number]: {item: response_digest(a) for item, a in r.final().items()}
            for r in records()
        },
        answers={
            CANDIDATES[number]: [
                HeldAnswer(n=event, item=item, digest=response_digest(response))
                for event, item, response in answers
            ]
            for number, answers in ANSWERS.items()
        },
        lanes={"answers": LaneHeld(parcels=2, bytes=900)},
        faces=[],
        accounts=["2 accounted for"],
        complete=True,
    )


def compare(held: OfficeHolds, typed: list[Record] | None = None) -> Report:
    """Compare as the drill does; the rest of the report stands as it may."""
    typed = records() if typed is None else typed
    found = report.mismatches(typed, held, CANDIDATES)
    left, right = report.typed(typed), report.verified(held, NUMBERS)
    return Report(
        seats=2,
        minutes=20,
        seed="1",
        packing=Packing(processes=2, how="one process a seat"),
        ok=report.all_came(found, left, right, held),
        mismatches=tuple(found),
        skipped=(),
        typed=left,
        verified=right,
        save_to_disk_ms=report.spread(ms for r in typed for ms in r.save_ms),
        save_to_acknowledgement_ms=report.spread(ms for r in typed for ms in r.acknowledge_ms),
        release=Release(seats=2, spread_ms=3),
        dlib="dlib-bin 20.0.1",
        face_checks=2,
        faces=(
            Face(seat="a01", impostor=False, camera=True, tries=1, distance=90, outcome="accepted"),
        ),
        deaths={},
        endings={"handed_in": 2},
        accounts=tuple(held.accounts),
        lanes=held.lanes,
        line=LineUsed(cuts=0, cut_s=0, answers_while_cut=0),
        faults=(),
        phases_s={"open": 1.0},
    )


def missing(held: OfficeHolds) -> OfficeHolds:
    """Event 5 of the first candidate never came."""
    del held.answers["c-001"][1], held.finals["c-001"]["q2"]
    return held


def missing_before(held: OfficeHolds) -> OfficeHolds:
    """An answer that was changed later never came: what stands is right all the same."""
    del held.answers["c-002"][0]
    return held


def doubled(held: OfficeHolds) -> OfficeHolds:
    """An answer is held twice, the second time as another event."""
    held.answers["c-002"].append(replace(held.answers["c-002"][1], n=6))
    return held


def altered(held: OfficeHolds) -> OfficeHolds:
    """One answer holds other words."""
    other = response_digest(Written(text="墙"))
    held.answers["c-001"][1] = replace(held.answers["c-001"][1], digest=other)
    held.finals["c-001"]["q2"] = other
    return held


def exchanged(held: OfficeHolds) -> OfficeHolds:
    """Two candidates' answers changed places."""
    finals, answers = held.finals, held.answers
    finals["c-001"], finals["c-002"] = finals["c-002"], finals["c-001"]
    answers["c-001"], answers["c-002"] = answers["c-002"], answers["c-001"]
    return held


def strange(held: OfficeHolds) -> OfficeHolds:
    """Somebody has answers who did not sit there."""
    held.finals["c-009"] = {"q1": "00"}
    return held


FAULTS = {
    missing: ["seat a01, item q2", "seat a01: event 5 was kept and is missing", "too seldom"],
    missing_before: ["seat a02: event 3 was kept and is missing", "too seldom"],
    doubled: ["seat a02, item q1", "too often"],
    altered: ["seat a01, item q2", "seat a01: event 5 holds another answer"],
    exchanged: ["seat a01, item q1", "seat a02, item q1"],
    strange: ["unknown candidate c-009"],
}


def test_the_same_on_both_sides_is_well() -> None:
    """What was typed and nothing else: no mismatch, equal digests."""
    found = compare(holds())
    assert (found.ok, found.mismatches) == (True, ())
    assert found.typed == found.verified
    assert (found.typed.events, found.typed.standing) == (4, 3)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_is_named_and_fails_the_command(fault, tmp_path: Path, monkeypatch, capsys) -> None:
    """One answer missing, twice, altered, at another's or a stranger's: named, exit code 1."""
    found = compare(fault(holds()))

    async def performed(*_):
        return found

    monkeypatch.setattr(commands, "_day", performed)
    path = tmp_path / "report.json"
    words = ["day", "--seats", "2", "--minutes", "20", "--report", str(path)]
    assert main([*words, "--folder", str(tmp_path / "hall")]) == 1
    said = capsys.readouterr().out
    written = json.loads(path.read_text())
    for words in FAULTS[fault]:
        assert any(words in mismatch for mismatch in written["mismatches"]), written["mismatches"]
    assert all(f"MISMATCH {mismatch}" in said for mismatch in written["mismatches"])
    assert "NOT ALL IS VERIFIED" in said


def test_what_the_page_showed_wrongly_is_a_mismatch() -> None:
    """A question that was lost when the page came back counts, even where the store is right."""
    typed = records()
    typed[0].problems.append("after the page came back, it stands at q1, not q2")
    assert compare(holds(), typed).mismatches == (
        "seat a01: after the page came back, it stands at q1, not q2",
    )


def test_an_office_that_misses_something_is_not_well() -> None:
    """Equal answers are not enough: the office's own account must be complete."""
    found = compare(replace(holds(), complete=False))
    assert (found.ok, found.mismatches) == (False, ())


def test_the_report_says_all_that_is_asked(tmp_path: Path) -> None:
    """Seats, both counts with digests, latencies, spread, faces, lanes, build, packing."""
    path = tmp_path / "report.json"
    report.write(compare(holds()), path)
    said = json.loads(path.read_text())
    assert said["seats"] == 2
    for side in ("typed", "verified"):
        assert (said[side]["events"], len(said[side]["digest"])) == (4, 64)
    for name in ("save_to_disk_ms", "save_to_acknowledgement_ms"):
        assert set(said[name]) == {"count", "p50", "p95", "p99", "max"}
    assert said["release"] == {"seats": 2, "spread_ms": 3}
    assert (said["face_checks"], said["faces"][0]["outcome"]) == (2, "accepted")
    assert said["lanes"] == {"answers": {"parcels": 2, "bytes": 900}}
    assert (said["dlib"], said["packing"]["how"]) == ("dlib-bin 20.0.1", "one process a seat")
    assert said["mismatches"] == []


def test_cuts_of_the_line_add_up() -> None:
    """Cuts are counted; their seconds and the answers typed meanwhile are summed."""
    used = LineUsed().and_cut(1.26, 3).and_cut(0.5, 0)
    assert (used.cuts, used.cut_s, used.answers_while_cut) == (2, 1.8, 3)


def test_quantiles_are_values_that_were_measured() -> None:
    """By the nearest rank, of 1 to 100; and nothing at all is no error."""
    found = report.spread(range(1, 101))
    assert (found.count, found.p50, found.p95, found.p99, found.max) == (100, 50, 95, 99, 100)
    assert report.spread([]).count == 0
