"""``exam-provision`` as an operator uses it: an afternoon at the office, command by command."""

import datetime as dt
import io
import json
import os
import re

import pytest
from PIL import Image

from appliance.core.intake import Receiver, check_bundle
from drill.clips import sample_roster_photo
from drill.faces import ASTRONAUT, PRESIDENT
from drill.sample_sitting import (
    CENTRE,
    PHOTO_FOLDER,
    ROOM,
    ROSTER_FILE,
    SITTING,
    SUBJECT,
    bad_roster_xlsx,
    people,
    plan_toml,
    seat_labels,
    write_sample,
)
from protocol.identities import SealedIdentity, open_box_identity, open_office_identity
from protocol.keys import SigningKey
from protocol.values import decode
from provisioning.cli import main
from provisioning.turns import taking_turn


class Desk:
    """An operator's folder and shell."""

    def __init__(self, folder, capsys) -> None:
        self.folder = folder
        self.capsys = capsys
        for name in ("office", "root", "staff"):
            (folder / f"{name}.passphrase").write_text(f"{name} passphrase, long\n", "utf-8")
        opens = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=10)
        plan = plan_toml(seats=seat_labels(4), opens=opens)
        photos = [sample_roster_photo(face) for face in (ASTRONAUT, PRESIDENT)]
        write_sample(folder, people(4), photos, plan)

    def say(self, *words: str) -> tuple[int, dict]:
        """Run a command; return its exit code and its JSON."""
        code = main([*self.full(words), "--json"])
        return code, json.loads(self.capsys.readouterr().out)

    def done(self, *words: str) -> dict:
        code, said = self.say(*words)
        assert code == 0, said
        return said

    def read(self, *words: str, language: str = "zh") -> tuple[int, str]:
        """Run a command; return its exit code and what a person reads."""
        code = main([*self.full(words), "--language", language])
        said = self.capsys.readouterr()
        return code, said.out + said.err

    def full(self, words: tuple[str, ...]) -> list[str]:
        return [
            *words,
            f"--office={self.folder}/office",
            f"--passphrase-file={self.folder}/office.passphrase",
            f"--root-passphrase-file={self.folder}/root.passphrase",
        ]

    def make_centre(self) -> dict:
        self.done("authority", "create", "--id", "office", "--name", "机构",
                  "--address", "https://127.0.0.1:8450")  # fmt: skip
        self.done("centre", "add", CENTRE, "--title", "样例考点")
        self.done("staff", "add", "wang", "--centre", CENTRE, "--name", "王芳",
                  "--out", str(self.folder),
                  f"--staff-passphrase-file={self.folder}/staff.passphrase")  # fmt: skip
        return self.done("appliance", "add", "main", "--centre", CENTRE, "--room", ROOM,
                         "--out", str(self.folder))  # fmt: skip

    def roster(self, file: str = ROSTER_FILE) -> tuple[str, ...]:
        return ("roster", "import", f"{self.folder}/{file}",
                "--photos", f"{self.folder}/{PHOTO_FOLDER}",
                "--sitting", SITTING, "--centre", CENTRE)  # fmt: skip


@pytest.fixture
def desk(tmp_path, capsys):
    return Desk(tmp_path, capsys)


def test_an_afternoon_at_the_office(desk):
    """From nothing to a bundle on a stick that the box takes, with real photos and dlib."""
    box = desk.make_centre()
    sealed = decode((desk.folder / f"main.{CENTRE}.identity.json").read_bytes(), SealedIdentity)
    identity = open_box_identity(sealed, box["code"])
    server = desk.done("server", "identity", "--out", str(desk.folder))
    sealed = decode((desk.folder / "office.server.identity.json").read_bytes(), SealedIdentity)
    assert open_office_identity(sealed, server["code"]).office == "office"
    key = (desk.folder / "wang.staff.pem").read_bytes()
    assert SigningKey.from_encrypted_pem(key, "staff passphrase, long").public

    desk.done("sitting", "add", f"{desk.folder}/plan.toml")
    for version in ("2.1", "2.2", "3.0"):
        paper = desk.done("paper", "check", f"{desk.folder}/paper-qti-{version}.zip")
        assert (paper["items"], paper["points"]) == (13, 100)
    paper = desk.done("paper", "seal", f"{desk.folder}/paper-qti-3.0.zip",
                      "--sitting", SITTING, "--subject", SUBJECT)  # fmt: skip
    assert paper["revision"] == 1
    assert desk.done(*desk.roster())["candidates"] == 4
    made = desk.done("bundle", "make", "--sitting", SITTING, "--centre", CENTRE)
    (desk.folder / "stick").mkdir()
    written = desk.done("bundle", "write", made["path"], "--to", f"{desk.folder}/stick")
    taken = check_bundle(
        desk.folder / "stick" / written["path"].rsplit("/", 1)[1],
        Receiver(
            appliance=identity.appliance,
            centre=identity.centre,
            root_pem=identity.root_certificate,
            age=identity.sealing_identity(),
            box_key=identity.signing_key().public,
            log_key=identity.log_signing_key().public,
        ),
        None,
    )
    assert len(taken.roster.candidates) == 4
    code = desk.done("code", "give", "--sitting", SITTING, "--centre", CENTRE,
                     "--subject", SUBJECT, "--to", "王芳")  # fmt: skip
    assert len(code["codes"]) == 17
    desk.done("revoke", "staff", "wang", "--centre", CENTRE, "--reason", "离职")
    listed = desk.done("revocations", "--out", f"{desk.folder}/revocations.json")
    assert listed["count"] == 1
    assert desk.done("list")["count"] == 7


def test_a_bad_roster_is_told_row_by_row_in_both_languages(desk):
    """Every bad row is named by file, row and column with what to do; exit code 1, nothing kept."""
    desk.make_centre()
    desk.done("sitting", "add", f"{desk.folder}/plan.toml")
    (desk.folder / "bad.xlsx").write_bytes(bad_roster_xlsx(people(4)))
    code, said = desk.read(*desk.roster("bad.xlsx"))
    assert code == 1
    assert "没有收入任何内容" in said
    assert "bad.xlsx，表格第 4 行，C（身份证号码(必填)） 列：身份证号校验不符" in said
    code, said = desk.read(*desk.roster("bad.xlsx"), language="en")
    assert code == 1
    assert "row 5, column C" in said
    rows = [int(row) for row in re.findall(r", row (\d+)", said)]
    assert rows == sorted(rows)
    assert "spreadsheets keep 15 digits" in said
    assert not (desk.folder / "office" / "sittings" / SITTING / "centres").exists()


@pytest.mark.parametrize(("faces", "word"), [(0, "没有找到"), (2, "实际有 2 张")])
def test_photos_are_looked_at_by_dlib(faces, word, desk):
    """A photo with no face, or with two, is refused by name."""
    desk.make_centre()
    desk.done("sitting", "add", f"{desk.folder}/plan.toml")
    one = Image.open(io.BytesIO(sample_roster_photo(PRESIDENT)))
    other = Image.open(io.BytesIO(sample_roster_photo(ASTRONAUT)))
    page = Image.effect_noise((590, 826), 60).convert("RGB")
    page.paste((200, 180, 60), (0, 0, 590, 400))
    if faces:
        page.paste(one, (0, 200))
        page.paste(other, (295, 200))
    person = people(1)[0]
    page.save(desk.folder / PHOTO_FOLDER / person.photo_file, "JPEG", quality=95)
    code, said = desk.read(*desk.roster())
    assert code == 1
    assert word in said
    assert person.photo_file in said


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("total_points = 100", "total_points = nan", "plan-points"),
        ("total_points = 100", "total_points = 1e300", "plan-points"),
        ("opens = 2", "opens = 0", "plan-form"),
        ('kind = "formal"', 'kind = "last"', "plan-form"),
        ("addresses = []", 'addresses = ["the box"]', "plan-address"),
        ("考点", "\udcbf\udcbc", "file-utf8"),
    ],
)
def test_a_plan_that_no_box_could_read_is_not_taken(before, after, code, desk):
    """Numbers beyond reason, other words, another encoding: refused before anything is kept."""
    desk.make_centre()
    plan = (desk.folder / "plan.toml").read_text("utf-8") + "# 考点\n"
    assert before in plan
    changed = plan.replace(before, after).encode("utf-8", "surrogateescape")
    (desk.folder / "plan.toml").write_bytes(changed)
    assert desk.say("sitting", "add", f"{desk.folder}/plan.toml")[1]["error"] == code
    assert not list((desk.folder / "office" / "sittings").iterdir())


def test_files_that_cannot_be_read_are_named(desk):
    """Missing, too large, in another encoding: which file, what was expected, what to do."""
    code, said = desk.read("paper", "check", f"{desk.folder}/none.zip")
    assert (code, "[file]" in said, "none.zip" in said, "请检查" in said) == (1, True, True, True)
    code, said = desk.read("paper", "check", "/dev/zero")
    assert (code, "[file-large]" in said) == (1, True)
    (desk.folder / "office.passphrase").write_bytes("口令".encode("gb18030"))
    code, said = desk.read("authority", "create", "--id", "o", "--name", "o",
                           "--address", "https://127.0.0.1:1")  # fmt: skip
    assert (code, "[file-utf8]" in said) == (1, True)


def test_without_a_terminal_a_passphrase_is_asked_for_by_a_file(desk, monkeypatch):
    """A command in a script that names no file ends with what to do, not in Python's words."""

    def nobody(_prompt):
        raise EOFError

    monkeypatch.setattr("getpass.getpass", nobody)
    arguments = ["centre", "add", "x", "--title", "x", "--office", str(desk.folder / "office")]
    assert main(arguments) == 1
    assert "[passphrase-none]" in desk.capsys.readouterr().err


def test_file_names_of_strangers_steer_no_terminal(desk):
    """A name in GBK, or with escape sequences, is printed escaped and stops nothing."""
    desk.make_centre()
    desk.done("sitting", "add", f"{desk.folder}/plan.toml")
    photos = os.fsencode(desk.folder / PHOTO_FOLDER)
    for name in (b"\xd5\xc5.jpg", b"\x1b[2J\nx.jpg"):
        with open(os.path.join(photos, name), "wb") as file:  # noqa: PTH118, PTH123 - bytes
            file.write(b"")
    code, said = desk.read(*desk.roster())
    assert code == 0
    assert r"\udcd5\udcc5.jpg" in said
    assert r"\u001b[2J\u000ax.jpg" in said
    assert said.encode("utf-8").isascii() is False
    assert "\x1b" not in said
    desk.done(*desk.roster())


def test_refusals_of_the_office_say_what_to_do(desk):
    """No office, a wrong passphrase, a part missing: one line, a stable code, no traceback."""
    code, said = desk.read("list")
    assert (code, "[not" in said, "authority create" in said) == (1, False, True)
    desk.make_centre()
    code, said = desk.read("list")
    assert (code, "fingerprint" in said.splitlines()[1]) == (0, True), "heads over the columns"
    code, said = desk.read("bundle", "make", "--sitting", SITTING, "--centre", CENTRE)
    assert (code, "[sitting-unknown]" in said) == (1, True)
    (desk.folder / "office.passphrase").write_text("another passphrase\n", "utf-8")
    code, said = desk.read("appliance", "add", "x", "--centre", CENTRE, "--room", ROOM,
                           "--out", str(desk.folder))  # fmt: skip
    assert (code, "[passphrase-wrong]" in said) == (1, True)
    code, said = desk.read("appliance", "add", "main", "--centre", CENTRE, "--room", ROOM,
                           "--out", str(desk.folder))  # fmt: skip
    assert (code, "[identity-there]" in said) == (1, True)
    for folder, word in (
        (desk.folder, "[staff-key-there]"),
        (desk.folder / "new", "[staff-taken]"),
    ):
        secret = f"--staff-passphrase-file={desk.folder}/staff.passphrase"
        code, said = desk.read("staff", "add", "wang", "--centre", CENTRE, "--name", "王芳",
                               "--out", str(folder), secret)  # fmt: skip
        assert (code, word in said) == (1, True), said
    (desk.folder / "bundles" / "x").mkdir(parents=True)
    for made, word in ((False, "none below it"), (True, f"{desk.folder}/bundles/x. Name")):
        if made:
            (desk.folder / "bundles" / "x" / "manifest.dsse.json").touch()
        code, said = desk.read("bundle", "write", f"{desk.folder}/bundles",
                               "--to", str(desk.folder), language="en")  # fmt: skip
        assert (code, word in said) == (1, True), said
    code, said = desk.read("paper", "check", f"{desk.folder}/plan.toml")
    assert (code, "zip" in said) == (1, True)


def test_two_commands_at_once(desk):
    """While one command works another is told so and has changed nothing; `list` answers."""
    desk.make_centre()
    before = desk.done("list")
    with taking_turn(desk.folder / "office"):
        for words in (
            ("centre", "add", "second", "--title", "二"),
            ("sitting", "add", f"{desk.folder}/plan.toml"),
        ):
            code, said = desk.read(*words)
            assert code == 1
            assert "正有另一条 exam-provision 命令在执行" in said
            assert said.count("\n") == 1
        code, said = desk.read("authority", "create", "--id", "o2", "--name", "n",
                               "--address", "https://127.0.0.1:1", language="en")  # fmt: skip
        assert "another exam-provision is at work" in said
        assert desk.done("list") == before
    assert desk.done("sitting", "add", f"{desk.folder}/plan.toml")
