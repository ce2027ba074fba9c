"""``exam-central`` as an operator uses it, on an office that real provisioning made."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from central import cli
from central.receiving.service import receiving
from drill.ports import free_port
from protocol.decisions import AbsentMarked
from protocol.parcel import Lane, LaneEndRecord
from protocol.receipt import receipt_code
from protocol.staff_api import MarkAbsent
from protocol.values import encode, sha256_hex
from tests.real_office import RealOffice, sealed, set_up
from tests.sample_parcels import Lanes
from tests.sample_session import (
    SUBJECT,
    SampleLog,
    SampleSession,
    absent,
    closed,
    closing,
    decision,
)
from tests.waiting import until


@pytest.fixture
def real(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> RealOffice:
    """An office and a box, set up by their commands."""
    return set_up(tmp_path, capsys, line_port=free_port())


def stick_with_a_day(real: RealOffice, folder: Path) -> tuple[str, SampleSession]:
    """Put a whole subject's parcels onto a stick; return the candidate's receipt code."""
    lanes: Lanes = real.lanes()
    plan = real.made.manifest
    session, log = SampleSession(lanes.box, "c-001", plan=plan), SampleLog(lanes.box)
    session.answer("q-1", "a")
    session.hand_in()
    log.keep(session.granted())
    receipt = session.receipt(log)
    ends = LaneEndRecord(subject=SUBJECT, views=())
    people = (session.accounted(), absent("c-002", plan.sitting.seats[1].id))
    wang = {"by": "wang-fang", "staff_key": real.made.staff_keys["wang-fang"]}
    missed = MarkAbsent(candidate="c-002", reason="r")
    decided = [
        decision(lanes.box, 1, AbsentMarked(reason="r"), asked=missed, candidate="c-002", **wang),
        closed(lanes.box, 2, **wang),
    ]
    log.keep(*decided)
    parcels = [
        lanes.parcel(Lane.ANSWERS, [session.granted(), session.journal()]),
        lanes.parcel(Lane.ANSWERS, [receipt, closing(lanes.box, *people), ends]),
        lanes.parcel(Lane.EVIDENCE, [log.record(), ends]),
        lanes.parcel(Lane.INCIDENTS, [*decided, ends]),
    ]
    folder.mkdir()
    for parcel in parcels:
        (folder / parcel.key.file_name).write_bytes(parcel.data)
    (folder / "holiday.jpg").write_bytes(b"not a parcel")
    return receipt_code(receipt.receipt), session


async def test_a_day_by_stick_through_the_commands(real: RealOffice, tmp_path: Path) -> None:
    """Import, verify, status, responses, a receipt's code, receipts back onto the stick."""
    home, stick = str(real.home), tmp_path / "stick"
    code, session = stick_with_a_day(real, stick)
    async with receiving(real.layout):
        said = await asyncio.to_thread(real.central, "import", home, str(stick))
        assert said.startswith("4 new parcel(s)")
        await until(lambda: len(list(real.layout.parcels.rglob("*.parcel"))) == 4)
    assert real.central("import", home, str(stick)).startswith("0 new parcel(s)")
    assert "4 个早已在此" in real.central("import", home, str(stick), "--language", "zh")
    said = await asyncio.to_thread(real.central, "verify", home)
    assert said.startswith("4 parcel(s) decided")
    (sitting,) = real.status()["sittings"]
    assert sitting["accounts"][0]["complete"] is True
    assert "all received and verified by the office" in real.central("status", home)
    assert "机构已全部收到并核验" in real.central("status", home, "--language", "zh")
    (response,) = json.loads(real.central("responses", home))
    assert response["digest"] == sha256_hex(encode(session.answers["q-1"]))
    found = json.loads(real.central("verify-receipt", home, code.lower().replace("-", " ")))
    assert (found["candidate"], found["leaf_held"]) == ("c-001", True)
    assert real.central("export-receipts", home, str(stick)).startswith("1 file(s)")
    (receipts,) = stick.glob("*.receipts.json")
    assert len(json.loads(receipts.read_bytes())["receipts"]) == 8


def test_mistakes_are_explained(
    real: RealOffice, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each wrong use ends with 1 and says what was expected, what came, and what to do."""
    home = str(real.home)
    for words, said in (
        (["enrol", home, str(tmp_path)], "expected a bundle's folder"),
        (["import", home, str(tmp_path / "nowhere")], "expected the folder of a stick"),
        (["verify-receipt", home, "00000-00000-00000-00001"], "group"),
    ):
        assert cli.main(words) == 1
        assert said in capsys.readouterr().err
    assert cli.main(["verify-receipt", home, "00000-00001-00002-00003"]) == 1
    assert "no receipt with this code" in capsys.readouterr().err


def test_a_stick_that_brings_nothing_says_where_was_looked(
    real: RealOffice, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is no fault: all may have come by the line. It is no silence either."""
    assert cli.main(["import", str(real.home), str(tmp_path)]) == 0
    assert f"{tmp_path}: expected parcels (*.parcel) in it" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ("enrol", "x"), ("revoke", "x"), ("serve",), ("verify",), ("status",), ("import", "stick"),
        ("export-receipts", "stick"), ("verify-receipt", "x"), ("responses",),
    ],
    ids=lambda words: words[0],
)  # fmt: skip
def test_a_folder_that_is_no_office_is_refused_and_left_alone(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No command but init makes an office, or takes anything into a folder that is none."""
    (tmp_path / "stick").mkdir()
    (tmp_path / "stick" / "c.s.main.1.answers.00000001.parcel").write_bytes(b"a parcel")
    (tmp_path / "other").mkdir()
    rest = [str(tmp_path / word) for word in words[1:]]
    for home in (tmp_path / "nowhere", tmp_path / "other"):
        assert cli.main([words[0], str(home), *rest]) == 1
        said = capsys.readouterr().err
        assert f"{home}: expected an office's folder (with office.json), found none" in said
        assert "nothing was taken" in said
    assert not (tmp_path / "nowhere").exists()
    assert list((tmp_path / "other").iterdir()) == []


def test_a_stick_is_enrolled_and_a_box_is_no_office(
    real: RealOffice, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A stick's newest bundle counts, two sittings are not guessed between; init knows a box."""
    home, stick, name = str(real.home), tmp_path / "stick", real.made.bundle.name
    shutil.copytree(real.made.bundle, stick / name)
    assert "revision 1" in real.central("enrol", home, str(stick))
    shutil.copytree(real.made.bundle, stick / f"b{name}")
    assert cli.main(["enrol", home, str(stick)]) == 1
    assert f"b{name}" in capsys.readouterr().err
    path, code = sealed(tmp_path / "box", real.made.boxes[0])
    assert cli.main(["init", str(tmp_path / "new"), str(path), "--code", code]) == 1
    assert "identity of a box (main." in capsys.readouterr().err


def test_the_office_speaks_chinese(real: RealOffice, tmp_path: Path, capsys) -> None:
    """What is done, what is refused by our own words, and what is refused by a fault."""
    zh = ("--language", "zh")
    home, bundle = str(real.home), str(real.made.bundle)
    assert "已登记：考点" in real.central("enrol", home, bundle, *zh)
    for words, said in [
        (["enrol", home, str(tmp_path)], "应为考务包的目录"),
        (["import", home, str(tmp_path / "none")], "应为 U 盘的目录"),
        (["revoke", home, str(tmp_path / "none")], "找不到"),
        (["revoke", home, f"{bundle}/manifest.dsse.json"], "签名不可信"),
        (["verify-receipt", home, "00000-00001-00002-00003"], "没有收到"),
    ]:
        assert cli.main([*words, *zh]) == 1
        assert said in capsys.readouterr().err


def test_a_bundle_of_another_office_is_not_enrolled(
    real: RealOffice, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The registry takes what the office signed, and the same bundle twice without harm."""
    other = set_up(tmp_path / "other", capsys, line_port=free_port())
    assert cli.main(["enrol", str(real.home), str(other.made.bundle)]) == 1
    assert "expected a signature" in capsys.readouterr().err
    before = len(real.status()["enrolled"])
    real.central("enrol", str(real.home), str(real.made.bundle))
    assert len(real.status()["enrolled"]) == before == 2
