"""``exam-appliance`` as staff type it: acts signed with a key file, over the real staff socket."""

import asyncio
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from appliance import cli, commands
from appliance.commands import NOT_SET_UP, PROCESSES
from appliance.console.cli import main as console
from appliance.ipc.courier import StickDone
from drill.ports import free_port
from protocol.staff_api import ActRefusal, Pause, Unlock
from provisioning.keyfiles import encrypted_pem
from runtime.secret import Secret
from tests import sample_halls as halls
from tests.real_office import RealOffice, sealed, set_up
from tests.scripted_desk import KEY, scripted_desk

PASSPHRASE = "passphrase of wang"


def staff_key_file() -> bytes:
    key = Ed25519PrivateKey.from_private_bytes(KEY.dangerous_seed())
    return encrypted_pem(key, Secret(PASSPHRASE))


@pytest.fixture
def real(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> RealOffice:
    """Return an office and a box, set up by their commands."""
    return set_up(tmp_path, capsys, line_port=free_port())


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the settings of a box with one staff key in its folder."""
    (tmp_path / "staff").mkdir()
    (tmp_path / "staff" / "wang.staff.pem").write_bytes(staff_key_file())
    (tmp_path / "passphrase").write_text(PASSPHRASE + "\n", "utf-8")
    monkeypatch.setenv("EXAMHALL_STAFF_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    path = tmp_path / "appliance.toml"
    path.write_text(
        f'state = "{tmp_path}/state"\nrun = "{tmp_path}"\nstaff_keys = "{tmp_path}/staff"\n',
        "utf-8",
    )
    return path


async def act(box: Path, *words: str) -> int:
    """Run ``exam-appliance act`` beside the desk's loop; return its exit code."""
    return await asyncio.to_thread(cli.main, ["act", *words, "--config", str(box)])


def desk(box: Path):
    return scripted_desk(halls.in_the_exam(), box.parent)


async def test_an_act_is_signed_by_the_only_key_there_is(box: Path, capsys) -> None:
    """Words, the key in the box's folder and its passphrase make a signed act."""
    async with desk(box) as core:
        assert await act(box, "pause", "candidate=02", "reason=停电 五分钟") == 0
        assert core.asked[0].act == Pause(candidate="c-02", reason="停电 五分钟")
        assert core.asked[0].staff == "wang"
    assert "on record as decision 1" in capsys.readouterr().out


async def test_fields_stand_on_either_side_of_options(box: Path) -> None:
    """An option between an act and its fields does no harm."""
    async with desk(box) as core:
        assert await act(box, "pause", "--staff", "wang", "candidate=02", "reason=x") == 0
        assert await act(box, "unlock", "--code", "A-B-C") == 0
        assert core.asked[1].act == Unlock(subject="theory")
        assert core.codes == [(), ("A-B-C",)]


async def test_arming_says_when_the_start_comes(box: Path, capsys) -> None:
    """The answer has the time of day and the seconds that remain; a past moment asks nothing."""
    before = halls.unlocked()
    assert before.subject is not None
    armed = replace(before.subject, armed_start=before.hall_time + 24_000)
    async with scripted_desk(before, box.parent) as core:
        core.follows = lambda _act: replace(before, subject=armed)
        assert await act(box, "arm", "start=now") == 0
        assert "armed: starts at 08:55:24, in 24 s" in capsys.readouterr().out
        assert await act(box, "arm", "start=08:41") == 2
        assert "08:41 is 14 minute(s) ago" in capsys.readouterr().err
        assert len(core.asked) == 1


async def test_a_refusal_says_why_in_two_languages(box: Path, capsys) -> None:
    """What core refuses ends with exit code 1 and its reason."""
    async with desk(box) as core:
        core.refuse(ActRefusal.NOT_NOW, "expected a session that is paused")
        assert await act(box, "resume", "candidate=02", "reason=x", "--language", "zh") == 1
    said = capsys.readouterr().err
    assert "现在不能这样做" in said
    assert "expected a session that is paused" in said


async def test_a_refusal_is_said_in_the_language_of_who_asks(box: Path, capsys) -> None:
    """Core's own words come in both languages; the terminal's is shown."""
    async with desk(box) as core:
        for language, wanted in (("zh", "请等到 09:00"), ("en", "wait until 09:00")):
            core.refuse(ActRefusal.WAIT, "wait until 09:00", zh="请等到 09:00")
            assert await act(box, "resume", "candidate=02", "reason=x", "--language", language) == 1
            assert wanted in capsys.readouterr().err


async def test_a_second_person_signs_by_their_own_key(box: Path, capsys) -> None:
    """Alone it is said how; with --second the same act bears two signatures."""
    staff, folder = box.parent / "staff", box.parent
    other = encrypted_pem(Ed25519PrivateKey.generate(), Secret("passphrase of li"))
    (staff / "li.staff.pem").write_bytes(other)
    (folder / "of-li").write_text("passphrase of li\n", "utf-8")
    words = ("void", "candidate=02", "article=5", "reason=x", "--staff", "wang")
    async with desk(box) as core:
        core.refuse(ActRefusal.SECOND_PERSON, "two people", zh="两人")
        assert await act(box, *words) == 1
        assert "--second NAME" in capsys.readouterr().err
        second = ("--second", "li", "--second-passphrase-file", str(folder / "of-li"))
        assert await act(box, *words, *second) == 0
        assert core.signers == [1, 2]


async def test_words_that_make_no_act_ask_nothing_of_core(box: Path, capsys) -> None:
    """A mistake in typing ends with exit code 2 before anything is signed."""
    async with desk(box) as core:
        assert await act(box, "pause", "candidate=02") == 2
        assert core.asked == []
    assert "pause candidate=...|all reason=..." in capsys.readouterr().err


async def test_with_two_keys_a_name_is_asked_for(box: Path, capsys) -> None:
    """Nobody acts in a colleague's name because their file came first."""
    staff = box.parent / "staff"
    shutil.copy(staff / "wang.staff.pem", staff / "li.staff.pem")
    async with desk(box) as core:
        assert await act(box, "pause", "candidate=02", "reason=x") == 1
        assert "found li.staff.pem, wang.staff.pem" in capsys.readouterr().err
        assert await act(box, "pause", "candidate=02", "reason=x", "--staff", "li") == 0
        assert core.asked[0].staff == "li"
    for language, said in (("zh", "请用 --staff"), ("en", "--staff NAME")):
        assert console(["--config", str(box), "--language", language]) == 1
        assert said in capsys.readouterr().err


@pytest.mark.parametrize("words", [["serve"], *(["run", name] for name in PROCESSES)])
def test_a_box_without_identity_is_not_run(box: Path, words: list[str], capsys) -> None:
    """Before install, serve and each process say in one line what to do, and end with a code."""
    assert cli.main([*words, "--config", str(box)]) == NOT_SET_UP
    said = capsys.readouterr()
    assert "install it: exam-appliance install" in said.err
    assert (said.out, said.err.count("\n")) == ("", 1)


@pytest.mark.parametrize("name", ["core", "recordings", "courier"])
def test_a_box_without_bundle_is_not_run(real: RealOffice, name: str, capsys) -> None:
    """Between install and import, what needs the bundle says so in one line, in the language."""
    (real.folder / "state" / "bundles" / "current").unlink()
    words = ["run", name, "--config", str(real.settings), "--language", "zh"]
    assert cli.main(words) == NOT_SET_UP
    said = capsys.readouterr().err
    assert "请先收入：exam-appliance import" in said
    assert said.count("\n") == 1


def test_without_core_it_is_said(box: Path, capsys) -> None:
    """Where core does not run, status and acts say so."""
    assert cli.main(["status", "--config", str(box)]) == 1
    assert "is the appliance running?" in capsys.readouterr().err


def test_status_is_a_page_of_text_or_json(box: Path, capsys) -> None:
    """The same status for a person, in their language, and for a program."""

    async def ask() -> None:
        async with desk(box):
            for words in (["--language", "zh"], ["--json"]):
                line = ["status", "--config", str(box), *words]
                assert await asyncio.to_thread(cli.main, line) == 0

    asyncio.run(ask())
    said = capsys.readouterr().out
    assert "待办" in said
    assert '"sitting":"s-2026-03"' in said


def test_a_bundle_is_found_on_its_stick(real: RealOffice, tmp_path: Path, capsys) -> None:
    """The stick as a whole can be named; two sittings on it are not guessed between."""
    stick = tmp_path / "stick"
    shutil.copytree(real.made.bundle, stick / real.made.bundle.name)
    config = ("--config", str(real.settings))
    assert "revision 1" in real.appliance("import", str(stick), *config)
    other = real.made.bundle.name.replace("cim", "bim")
    shutil.copytree(real.made.bundle, stick / other)
    assert cli.main(["import", str(stick), *config]) == 1
    assert other in capsys.readouterr().err


def test_what_is_taken_and_refused_is_said_in_chinese(
    real: RealOffice, tmp_path: Path, capsys
) -> None:
    """Lines of what was checked, and why a bundle or a file is refused, by ``--language zh``."""
    words = ("--config", str(real.settings), "--language", "zh")
    said = real.appliance("import", str(real.made.bundle), *words)
    assert "已核对：由" in said
    assert "第 1 版" in said
    altered = tmp_path / real.made.bundle.name
    shutil.copytree(real.made.bundle, altered)
    (altered / "roster.age").write_bytes(b"x")
    assert cli.main(["import", str(altered), *words]) == 1
    assert "请重新拷贝" in capsys.readouterr().err
    assert cli.main(["install", str(tmp_path / "none.json"), "--code", "x", *words]) == 1
    assert "找不到" in capsys.readouterr().err


def test_a_box_does_not_become_another(real: RealOffice, tmp_path: Path, capsys) -> None:
    """Installing the spare's identity over the main box's is refused, the same again is not."""
    for name, identity, code in zip(("main", "spare"), real.made.boxes, (0, 1), strict=True):
        path, key = sealed(tmp_path / name, identity)
        line = ["install", str(path), "--code", key, "--config", str(real.settings)]
        assert cli.main(line) == code
    assert "belongs to main" in capsys.readouterr().err


def test_a_disk_that_is_not_mounted_gets_no_box(
    real: RealOffice, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the folder above the state is missing, nothing is made in its place."""
    disk = tmp_path / "nodisk"
    config = tmp_path / "unmounted.toml"
    config.write_text(f'state = "{disk}/examhall"\nrun = "{tmp_path}/run"\n', "utf-8")
    path, key = sealed(tmp_path / "main", real.made.boxes[0])
    assert cli.main(["install", str(path), "--code", key, "--config", str(config)]) == 1
    assert f"expected {disk} to exist (the encrypted disk, mounted)" in capsys.readouterr().err
    assert not disk.exists()


@pytest.mark.parametrize("command", ["write-parcels", "take-receipts"])
def test_a_stick_that_is_not_mounted_is_said_to_be_none(box: Path, command: str, capsys) -> None:
    """The folder is not made, and the courier is not asked."""
    stick = box.parent / "nostick"
    assert cli.main([command, str(stick), "--config", str(box)]) == 1
    assert "to be a folder that exists (a stick, mounted)" in capsys.readouterr().err
    assert not stick.exists()


def test_parcels_beside_the_state_are_written_with_a_warning(
    box: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder on the box's own disk is no stick: it is said before the courier is asked."""
    done = StickDone(files=1, bytes=9)
    monkeypatch.setattr(commands, "_ask_courier", lambda *_: done)
    stick = box.parent / "stick"
    for folder in (stick, box.parent / "state"):
        folder.mkdir()
    assert cli.main(["write-parcels", str(stick), "--config", str(box)]) == 0
    assert "on the same disk as" in capsys.readouterr().err


def test_what_is_no_identity_of_a_box_is_named(real: RealOffice, tmp_path: Path, capsys) -> None:
    """The server's identity, and a file that is none, are called what they are."""
    config = ("--config", str(real.settings))
    path, key = sealed(tmp_path / "server", real.made.server)
    assert cli.main(["install", str(path), "--code", key, *config]) == 1
    assert "identity of the server of office" in capsys.readouterr().err
    (tmp_path / "wang.staff.pem").write_bytes(staff_key_file())
    assert cli.main(["install", str(tmp_path / "wang.staff.pem"), *config]) == 1
    assert "no identity file" in capsys.readouterr().err


def test_a_folder_without_bundles_is_said_to_have_none(real: RealOffice, tmp_path, capsys) -> None:
    """Where nothing was found, no dash stands for it."""
    (tmp_path / "empty").mkdir()
    config = ("--config", str(real.settings))
    assert cli.main(["import", str(tmp_path / "empty"), *config]) == 1
    assert "found none;" in capsys.readouterr().err
