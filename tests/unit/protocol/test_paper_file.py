"""The file within the sealed paper: the same bytes always, and nothing but the paper."""

import hashlib
import io
import subprocess
import tarfile

import pytest

from exam.paper import Asset, ExtendedText, Paper, Part
from protocol.errors import MalformedError
from protocol.paper_file import read_paper_file, write_paper_file

PICTURE = b"\x89PNG picture"
NAME = hashlib.sha256(PICTURE).hexdigest() + ".png"


def paper(**changes) -> Paper:
    asset = Asset(
        name=NAME, media_type="image/png", size=len(PICTURE), sha256=NAME.removesuffix(".png")
    )
    fields = {
        "subject": "theory",
        "revision": 1,
        "title": "试卷",
        "language": "zh-CN",
        "parts": (Part(title="一", items=(ExtendedText(id="q1", points=100, body="题"),)),),
        "assets": (asset,),
    }
    return Paper(**(fields | changes))


def test_a_paper_comes_back_with_its_pictures():
    """What was written reads back the same, picture for picture."""
    data = write_paper_file(paper(), {NAME: PICTURE})
    back, assets = read_paper_file(data)
    assert back == paper()
    assert {name: bytes(content) for name, content in assets.items()} == {NAME: PICTURE}


def test_the_same_paper_gives_the_same_bytes():
    """Nothing of the machine or the moment is in the file, so its digest can be compared."""
    assert write_paper_file(paper(), {NAME: PICTURE}) == write_paper_file(paper(), {NAME: PICTURE})


def test_tar_reads_it(tmp_path):
    """A third party sees the members by the ordinary program."""
    (tmp_path / "p.tar").write_bytes(write_paper_file(paper(), {NAME: PICTURE}))
    shown = subprocess.run(
        ["tar", "-tf", tmp_path / "p.tar"], capture_output=True, text=True, check=True
    )
    assert shown.stdout.split() == ["paper.json", f"assets/{NAME}"]


def test_pictures_must_be_those_that_the_paper_names():
    """A picture too few or too many is refused, when writing and when reading."""
    with pytest.raises(MalformedError):
        write_paper_file(paper(), {})
    with pytest.raises(MalformedError):
        write_paper_file(paper(assets=()), {NAME: PICTURE})
    whole = write_paper_file(paper(), {NAME: PICTURE})
    other = whole.replace(NAME.encode(), b"0" * 64 + b".png", 1)
    with pytest.raises(MalformedError):
        read_paper_file(other)


@pytest.mark.parametrize("cut", [0, 100, 600, 1100])
def test_a_cut_file_is_refused(cut):
    """A paper file that ends early never gives half a paper."""
    with pytest.raises(MalformedError):
        read_paper_file(write_paper_file(paper(), {NAME: PICTURE})[:cut])


def test_links_are_refused():
    """A member that is no regular file has no place in a paper."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        link = tarfile.TarInfo("paper.json")
        link.type = tarfile.SYMTYPE
        link.linkname = "/etc/passwd"
        tar.addfile(link)
    with pytest.raises(MalformedError):
        read_paper_file(stream.getvalue())
