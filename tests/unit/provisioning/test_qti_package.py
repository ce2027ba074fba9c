"""Hostile and broken packages: refused whole, with the reason and the place."""

import io
import stat
import zipfile

import pytest

from provisioning import archive
from provisioning.problems import InputRefusedError
from provisioning.qti import convert

ITEM_NS = "http://www.imsglobal.org/xsd/imsqti_v2p1"


def refused(data):
    with pytest.raises(InputRefusedError) as caught:
        convert(data, subject="theory")
    return caught.value.problems


def codes(data):
    return [problem.code for problem in refused(data)]


def zip_of(*members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members:
            made.writestr(name, content)
    return stream.getvalue()


def test_malformed_xml_names_file_and_line(package):
    """An unclosed tag is reported with its file and line."""
    package.add_raw(
        "items/q1.xml", f'<assessmentItem xmlns="{ITEM_NS}">\n<itemBody>\n<p></itemBody>'
    )
    (problem,) = refused(package.build())
    assert problem.code == "qti-xml"
    assert (problem.place.file, problem.place.line) == ("items/q1.xml", 3)


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a [<!ENTITY x PUBLIC "p" "http://evil.example/x">]>',
        '<!DOCTYPE a SYSTEM "http://evil.example/x.dtd">',
    ],
)
def test_external_entity_is_refused(doctype, package):
    """An external entity or DTD is named and refused, and never read."""
    package.add_raw("q1.xml", f'{doctype}<assessmentItem xmlns="{ITEM_NS}"/>')
    (problem,) = refused(package.build())
    assert problem.code == "qti-external-entity"
    assert "DOCTYPE" in problem.show("zh")


def test_a_used_external_entity_discloses_nothing(package, tmp_path):
    """A file that an entity points to does not come out in any message."""
    secret = tmp_path / "secret"
    secret.write_text("机密内容")
    package.add_raw(
        "q1.xml",
        f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
        f'<assessmentItem xmlns="{ITEM_NS}"><itemBody>&x;</itemBody></assessmentItem>',
    )
    (problem,) = refused(package.build())
    assert problem.code == "qti-external-entity"
    assert "机密" not in problem.show("zh")


def test_entity_expansion_is_refused(package):
    """Entities that multiply (a billion laughs) are refused unexpanded."""
    entities = '<!ENTITY a0 "ha">' + "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)
    )
    package.add_raw(
        "q1.xml",
        f'<!DOCTYPE a [{entities}]><assessmentItem xmlns="{ITEM_NS}">&a11;</assessmentItem>',
    )
    assert codes(package.build()) == ["qti-doctype"]


@pytest.mark.parametrize(
    "name", ["../evil.xml", "a/../../evil.xml", "/etc/passwd", "a\\..\\evil", "C:/x", "./a", "a//b"]
)
def test_a_path_that_climbs_out_is_refused(name):
    """A member that would land outside, on this system or another, refuses the package."""
    (problem,) = refused(zip_of((name, b"x"), ("imsmanifest.xml", b"<manifest/>")))
    assert problem.code == "zip-path"


def test_a_symbolic_link_is_refused():
    """A link could point anywhere; it is refused by its kind, whatever its target."""
    link = zipfile.ZipInfo("link.xml")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert codes(zip_of((link, b"imsmanifest.xml"))) == ["zip-special-file"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["items/q1.xml", "items/Q1.xml"])
def test_doubles_are_refused(second):
    """Two members of one name (case ignored) could be read differently by others."""
    assert codes(zip_of(("items/q1.xml", b"a"), (second, b"b"))) == ["zip-double-file"]


def test_a_bomb_is_refused_before_it_is_unpacked():
    """A member that grows a thousand times is refused by its header."""
    assert codes(zip_of(("bomb.xml", b"\0" * 4_000_000))) == ["zip-bomb"]


def test_a_member_that_lies_about_its_size_is_refused(monkeypatch):
    """The bytes count, not what the header says: reading stops at the limit."""
    monkeypatch.setattr(archive, "MAX_FILE", 1000)
    assert codes(zip_of(("a.xml", bytes(range(256)) * 8))) == ["zip-too-large"]


def test_a_damaged_member_is_reported(package, make_choice):
    """A flipped byte is found by the zip's own checksum."""
    data = bytearray(zip_of(("imsmanifest.xml", b"<manifest>" + bytes(range(33, 120)) * 3)))
    data[60] ^= 0xFF
    assert codes(bytes(data)) == ["zip-damaged"]


def test_an_encrypted_member_is_refused():
    """A member with a zip password is refused before reading."""
    data = bytearray(zip_of(("a.xml", b"x")))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    data[6] |= 1
    assert codes(bytes(data)) == ["zip-encrypted"]


def test_what_is_no_zip_is_refused():
    """A text file is no package."""
    assert codes(b"hello") == ["zip-none"]


def test_a_package_without_manifest_says_where_it_belongs():
    """A package zipped with an outer folder has no manifest at its top."""
    assert codes(zip_of(("outer/imsmanifest.xml", b"<manifest/>"))) == ["qti-no-manifest"]


def test_gbk_names_of_chinese_windows_are_read(package, make_choice):
    """Member names packed in GBK without the UTF-8 flag are understood."""
    package.add_item("Q1", make_choice(), file="试题/第一题.xml")
    data = package.build()
    raw = "试题/第一题.xml".encode()
    gbk = "试题/第一题.xml".encode("gb18030")
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(stream, "w") as made:
        for info in source.infolist():
            plain = "X" * len(gbk) if not info.filename.isascii() else info.filename
            made.writestr(plain, source.read(info))
    patched = stream.getvalue().replace(b"X" * len(gbk), gbk)
    assert raw != gbk
    assert len(convert(patched, subject="theory").paper.items) == 1


def test_an_old_qti_is_refused_by_its_version(package):
    """QTI 1.2 is refused with the versions that are read."""
    package.add_raw("q1.xml", "<questestinterop/>")
    (problem,) = refused(package.build())
    assert problem.code == "qti-root"
    assert "3.0" in problem.show("en")


def test_drawn_papers_are_refused(package, make_choice):
    """A test that draws some of its items would give candidates different papers."""
    file = package.add_item("Q1", make_choice())
    package.add_test(
        '<assessmentSection identifier="s" title="x" visible="true"><selection select="1"/>'
        f'<assessmentItemRef identifier="a" href="{file}"/></assessmentSection>'
    )
    assert codes(package.build()) == ["qti-test-feature"]


def test_the_same_identifier_twice_is_refused(package, make_choice):
    """Two items of one identifier cannot be told apart in the answers."""
    package.add_item("Q1", make_choice(), file="a.xml")
    package.add_item("Q1", make_choice(), file="b.xml")
    assert codes(package.build()) == ["qti-item-twice"]


def test_a_file_that_is_no_picture_is_refused(package, make_choice):
    """A program named .png is no picture."""
    package.files["items/x.png"] = b"MZ\x90\x00 this is a program"
    package.add_item("Q1", make_choice(body='<p><img src="x.png" alt=""/></p>'))
    assert codes(package.build()) == ["qti-picture"]


@pytest.mark.parametrize("href", ["http://[x", "//[::1", "http://[v1.x]:9"])
def test_an_address_that_is_none_is_refused_like_any_other(href, package, make_choice):
    """What no parser of addresses takes is no file of the package."""
    package.add_item("Q1", make_choice(body=f'<p><img src="{href}" alt=""/></p>'))
    assert codes(package.build()) == ["qti-outside"]


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_other_ways_of_packing_are_refused(method, package, make_choice):
    """A package is stored or deflated; what takes memory by its own word is not unpacked."""
    package.add_item("Q1", make_choice())
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(package.build())) as old,
        zipfile.ZipFile(stream, "w", method) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    assert set(codes(stream.getvalue())) == {"zip-method"}


def test_a_file_that_is_no_package_is_named():
    """The clerk reads which file was none."""
    with pytest.raises(InputRefusedError) as caught:
        convert(b"no zip", subject="theory", file="试卷.zip")
    assert [p.place.file for p in caught.value.problems] == ["试卷.zip"]


def test_a_zip_of_a_later_version_is_refused(package, make_choice):
    """What a member says it takes to unpack it is looked at in the directory already."""
    package.add_item("Q1", make_choice())
    data = bytearray(package.build())
    data[data.index(b"PK\x01\x02") + 6] = 99
    assert codes(bytes(data)) == ["zip-none"]
