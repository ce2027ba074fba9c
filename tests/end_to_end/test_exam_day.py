"""One exam day on real programs, step by step in the order of the README's path of the data.

Two candidates and an impostor; the office, the appliance and the seats are processes of their
own. Each step makes one artefact, and looks for it where the path says that it lies.
"""

import contextlib
import io
import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import av
import pytest

from central.cli import main as exam_central
from central.office import opening_key
from drill.day import Day, DayPlan, open_day
from drill.errors import ActRefusedError
from drill.hall import HallPlan
from drill.page import PageError
from drill.sample_sitting import SUBJECT
from protocol import staff_api as api
from terminal_agent.view import Screen
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hall"), pytest.mark.timeout(300)]

SEATS = 3
IMPOSTOR = 0
PLAIN = "城市信息模型".encode()
"""Words that stand in the paper."""


async def test_exam_day(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All that was typed at the seats is verified at the office, digest for digest."""
    hall = HallPlan(
        folder=tmp_path, seats=SEATS, minutes=20, cameras=SEATS, impostors=frozenset({IMPOSTOR})
    )
    plan = DayPlan(hall=hall, pause_s=0.3, writing_s=8, cut_line=True, leave_to_the_end=0)
    async with open_day(plan, say=print) as day:
        await step_0_sealed_paper(day)
        await step_1_bundle(day)
        await step_2_hall_wakes_up(day)
        await step_3_grant(day)
        await step_4_judging_frame(day)
        await step_5_paper_key(day)
        await step_6_answer_and_acknowledgement(day)
        await step_7_receipt(day)
        await step_8_parcel(day)
        await step_9_segment(day)
        await step_10_office_receipt(day)
        await step_11_account(day, capsys)


async def step_0_sealed_paper(day: Day) -> None:
    """The paper lies sealed at the office and at the box: no word of it can be read."""
    folder = day.hall.places.folder
    papers = [*folder.rglob("*.paper.age")]
    assert {path.read_bytes()[:22] for path in papers} == {b"age-encryption.org/v1\n"}
    assert len({path.read_bytes() for path in papers}) == 1
    assert _holding(PLAIN, folder / "box") == []


async def step_1_bundle(day: Day) -> None:
    """The box took the office's bundle whole, and core works from it."""
    status = await day.hall.staff.status()
    assert (status.bundle_revision, status.rule_book) == (1, "ksj-drill")
    assert [seat.seat for seat in status.seats] == [one.seated.seat for one in day.candidates]
    assert all(process.connected for process in status.processes)


async def step_2_hall_wakes_up(day: Day) -> None:
    """Seats are found by mDNS with nothing typed, then paired by a code; then they are ready."""
    await day.wake_up()
    assert not any(seat.paired or seat.ready for seat in (await day.hall.staff.status()).seats)
    await day.pair()
    status = await day.hall.staff.status()
    assert all(seat.paired and seat.ready and seat.paper for seat in status.seats)
    certificates = _core(day, "SELECT seat, count(*) FROM pairings GROUP BY seat")
    assert certificates == [(one.seated.seat, 1) for one in day.candidates]


async def step_3_grant(day: Day) -> None:
    """Each log-in has a grant, in core's record and, with the session key, in the spool."""
    await day.log_in()
    grants = dict(_core(day, _GRANTS))
    assert len(grants) == SEATS
    for one in day.candidates:
        ((session, envelope),) = _spool(
            day, one.seated.seat, "SELECT session, grant_envelope FROM sessions"
        )
        assert grants[session] == envelope


_GRANTS = "SELECT session, envelope FROM grants"


async def step_4_judging_frame(day: Day) -> None:
    """Faces are compared in memory: the two are accepted, the impostor by nobody."""
    await day.identify()
    impostor, *genuine = day.candidates
    assert impostor.page.view is not None
    assert impostor.page.view.screen is Screen.REFUSED
    status = await day.hall.staff.status()
    distances = {seat.seat: seat.occupant.distance for seat in status.seats if seat.occupant}
    assert all(0 <= distances[one.seated.seat] <= 450 for one in genuine)
    assert distances[impostor.seated.seat] >= 600
    assert _holding(b"\xff\xd8\xff\xe0", day.hall.places.state) == []


async def step_5_paper_key(day: Day) -> None:
    """A wrong code opens nothing; the right one and the armed start open the paper at the seats."""
    staff = day.hall.staff
    wrong = "ZZZZ" + day.hall.sample.codes[0].reveal()[4:]
    with pytest.raises(ActRefusedError, match="wrong_code"):
        await staff.do(api.Unlock(subject=SUBJECT), (wrong,))
    with pytest.raises(ActRefusedError, match="locked"):
        await staff.do(api.Arm(subject=SUBJECT, start=0))
    await day.unlock()
    for one in day.candidates:
        with pytest.raises(PageError):
            await one.page.paper()
    await day.start()
    shown = [await one.page.paper() for one in day.candidates[1:]]
    assert len({paper.paper.title for paper in shown}) == 1
    assert _holding(PLAIN, day.hall.places.folder / "seats") == []


async def step_6_answer_and_acknowledgement(day: Day) -> None:
    """Each answer is in the spool when the page says saved; core has all, line or no line."""
    await day.write()
    for one in day.candidates[1:]:
        assert len(one.record.answers) > 5
        kept = {n: json.loads(body) for n, body in _spool(day, one.seated.seat, _EVENTS)}
        for answer in one.record.answers:
            assert (kept[answer.event]["kind"], kept[answer.event]["item"]) == (
                "answer",
                answer.item,
            )
        ((session,),) = _spool(day, one.seated.seat, "SELECT session FROM sessions")
        held = dict(_core(day, f"{_EVENTS} WHERE session = '{session}'"))
        assert held == dict(_spool(day, one.seated.seat, _EVENTS))


_EVENTS = "SELECT n, body FROM events"


async def step_7_receipt(day: Day) -> None:
    """Who hands in takes twenty characters away; the impostor has nothing to hand in."""
    await day.hand_in()
    impostor, *genuine = day.candidates
    assert impostor.record.receipt == ""
    assert {len(one.record.receipt) for one in genuine} == {20}
    assert len({one.record.receipt for one in genuine}) == SEATS - 1


async def step_8_parcel(day: Day) -> None:
    """Closing the subject seals what is left; all parcels reach the office, byte for byte."""
    await day.close()
    box, layout = day.hall.places.state, day.hall.layout
    await until(lambda: _parcels(box) == _parcels(layout.parcels))
    lanes = {name.split(".")[4] for name in _parcels(box)}
    assert lanes == {"answers", "evidence", "incidents", "recordings"}


async def step_9_segment(day: Day) -> None:
    """Each seat's view lies sealed at the office, without a gap, and plays there alone."""
    layout = day.hall.layout
    segments = _rows(
        layout.store, "SELECT source, n, digest, gap_before FROM segment ORDER BY 1, 2"
    )
    assert len({source for source, *_ in segments}) == SEATS
    counted = Counter(source for source, *_ in segments)
    assert [n for _, n, *_ in segments] == [n + 1 for k in counted.values() for n in range(k)]
    assert {gap for *_, gap in segments} == {0}
    key = opening_key(layout)
    for _, _, digest, _ in segments:
        film = key.open((layout.blobs / digest).read_bytes())
        with av.open(io.BytesIO(film)) as played:
            assert sum(1 for _ in played.decode(video=0)) > 10
    assert _holding(b"ftypiso", day.hall.places.folder) == []


async def step_10_office_receipt(day: Day) -> None:
    """Verified comes back: to core for every parcel, to the seats for their journals."""
    await until(lambda: _core(day, "SELECT DISTINCT stage FROM parcels") == [("verified",)])
    for one in day.candidates[1:]:
        await until(lambda one=one: _all_verified(day, one.seated.seat))


async def step_11_account(day: Day, capsys: pytest.CaptureFixture[str]) -> None:
    """The office accounts for everybody, knows each receipt, and holds what was typed."""
    report = await day.account()
    assert report.mismatches == ()
    assert report.typed == report.verified
    assert report.ok
    assert report.line.answers_while_cut > 0
    assert report.deaths == {}
    assert list(report.accounts) == [
        "3 accounted for: 2 handed in, 1 refused or absent; all received and verified by the office"
    ]
    capsys.readouterr()
    for one in day.candidates[1:]:
        assert exam_central(["verify-receipt", str(day.hall.layout.home), one.record.receipt]) == 0
        assert json.loads(capsys.readouterr().out)["leaf_held"] is True


# --- looking into files ----------------------------------------------------------------------


def _parcels(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*.parcel")}


def _holding(piece: bytes, folder: Path) -> list[Path]:
    """Return the files that hold ``piece``; begin again where one was renamed meanwhile."""
    while True:
        with contextlib.suppress(FileNotFoundError):
            return [p for p in folder.rglob("*") if p.is_file() and piece in p.read_bytes()]


def _core(day: Day, question: str) -> list[Any]:
    return _rows(next((day.hall.places.state / "core").glob("*/core.db")), question)


def _spool(day: Day, seat: str, question: str) -> list[Any]:
    return _rows(day.hall.places.seat(seat) / "spool.db", question)


def _rows(path: Path, question: str) -> list[Any]:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute(question).fetchall()


def _all_verified(day: Day, seat: str) -> bool:
    """Say whether the seat knows that the office has verified all that it wrote."""
    ((office, last),) = _spool(
        day, seat, "SELECT office, (SELECT max(n) FROM events) FROM sessions"
    )
    return office == last
