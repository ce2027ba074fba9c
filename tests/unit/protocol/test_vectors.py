"""Every frozen vector is read as its head says. Only the vectors' files are looked at."""

from pathlib import Path

import pytest

from protocol.codes import CodeError
from protocol.errors import ProtocolError
from protocol.payload_types import PayloadType
from tests.unit.protocol.vector_readers import FOLDER, READERS, load, paths, read

ALL = paths()


@pytest.mark.parametrize("path", ALL, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_vector_is_read_as_its_head_says(path: Path) -> None:
    """What a vector calls accepted gives its output; what it refuses raises its code."""
    vector = load(path)
    if vector.expects == "accepted":
        assert read(vector) == vector.output
        return
    with pytest.raises(ProtocolError) as caught:
        read(vector)
    assert caught.value.code == vector.expects
    if isinstance(caught.value, CodeError):
        assert vector.output is None or caught.value.group == vector.output["group"]


@pytest.mark.parametrize("name", sorted(READERS))
def test_every_format_has_an_accepted_vector(name: str) -> None:
    """No format is frozen by failures alone."""
    assert any(path.parent.name == name and load(path).expects == "accepted" for path in ALL)


def test_a_vector_lies_in_its_format_s_folder() -> None:
    """A vector's folder and name say what its head says."""
    for path in ALL:
        vector = load(path)
        assert vector.format == path.parent.name
        assert (vector.expects != "accepted") == path.stem.startswith("refused_"), path


def test_every_payload_type_is_in_a_vector() -> None:
    """Nothing is ever signed whose form is not frozen."""
    everything = "".join(path.read_text("utf-8") for path in ALL)
    assert [kind for kind in PayloadType if f'"{kind.value}"' not in everything] == [
        PayloadType.PARCEL  # lies within a parcel's file, in base64
    ]
