"""Whatever is done to a package or a spreadsheet: taken whole, or refused with problems."""

import datetime as dt
import io
import zipfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from drill.sample_qti import VERSIONS, paper_package
from drill.sample_sitting import CENTRE, people, plan_toml, roster_xlsx, seat_labels
from exam.rulebook import read_rule_book
from protocol.paper_file import read_paper_file, write_paper_file
from provisioning.plan import read_plan, read_rule_book_text
from provisioning.problems import InputRefusedError
from provisioning.qti import convert
from provisioning.roster import import_roster

PACKAGES = {version: paper_package(version) for version in VERSIONS}
ROSTER = roster_xlsx(people(4))
RULES = read_rule_book_text("ksj", Path())
SITTING = read_plan(
    plan_toml(seats=seat_labels(4), opens=dt.datetime(2026, 3, 21, tzinfo=dt.UTC))
).sitting(CENTRE, RULES)
PIECES = st.sampled_from(
    [
        b"<",
        b">",
        b"/",
        b'"',
        b"&",
        b"</p>",
        b"<p>",
        b"\x00",
        b"\xff",
        b"",
        b"-1",
        b"NaN",
        b"1e999",
        b"9" * 40,
    ]
)


@st.composite
def harmed(draw, data: bytes) -> bytes:
    """Return a zip with one of its members changed at one to three places, checksums right."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = draw(st.sampled_from(sorted(members)))
    content = members[name]
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(0, len(content) - 1)))
        upto = at + draw(st.integers(0, 12))
        content = content[:at] + draw(PIECES) + content[upto:]
    members[name] = content
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, inner in members.items():
            archive.writestr(member, inner)
    return stream.getvalue()


def check_problems(refused: InputRefusedError) -> None:
    assert refused.problems
    assert all(problem.show("zh") and problem.show("en") for problem in refused.problems)


def take_paper(data: bytes) -> None:
    try:
        converted = convert(data, subject="theory")
    except InputRefusedError as refused:
        check_problems(refused)
        return
    read_paper_file(write_paper_file(converted.paper, converted.assets))
    assert {key.item for key in converted.keys.items} == {i.id for i in converted.paper.items}


def take_roster(data: bytes) -> None:
    try:
        imported = import_roster(
            data,
            file="名册.xlsx",
            photos={},
            sitting=SITTING,
            rules=read_rule_book(RULES),
            count_faces=lambda _: 1,
            today=dt.date(2026, 3, 1),
            pseudonym_key=bytes(32),
        )
    except InputRefusedError as refused:
        check_problems(refused)
    else:
        raise AssertionError(f"taken without photos: {imported.roster}")


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(VERSIONS).flatmap(lambda version: harmed(PACKAGES[version])))
def test_a_harmed_package_is_taken_whole_or_refused(data):
    """No change of a package raises anything but a refusal that people can read."""
    take_paper(data)


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_harmed_zip_bytes_are_refused_or_whole(data):
    """Bytes changed in the zip itself, wherever."""
    raw = bytearray(PACKAGES["2.1"])
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] = data.draw(st.integers(0, 255))
    take_paper(bytes(raw[: data.draw(st.integers(1, len(raw)))]) if at % 2 else bytes(raw))


@settings(deadline=None, max_examples=60)
@given(harmed(ROSTER))
def test_a_harmed_spreadsheet_is_refused_with_problems(data):
    """No change of a workbook raises anything but a refusal that people can read."""
    take_roster(data)


@settings(deadline=None, max_examples=60)
@given(st.one_of(st.binary(max_size=400), st.text(max_size=200).map(str.encode)))
def test_any_bytes_as_a_roster(data):
    """Any file at all in place of a spreadsheet is refused with what was found."""
    take_roster(data)
