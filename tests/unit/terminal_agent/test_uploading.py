"""Segments on their way to the box: sent until stored, and what the box says of each."""

from pathlib import Path
from typing import Any, cast

import pytest

from protocol.recordings_api import VIEWS, RecordingsReply, Refusal, Refused, Stored
from protocol.segment import View
from runtime.errors import DiskFullError
from terminal_agent.link import Proven
from terminal_agent.uploading import Uploader
from tests.recorded_view import SESSION, RecordedView


class Box(Uploader):
    """An uploader whose box answers as a test says, and notes what came."""

    def __init__(self, view: RecordedView) -> None:
        super().__init__(view.shelf)
        self.reply: RecordingsReply | Exception = Stored()
        self.came: list[str] = []

    async def _post(
        self, proven: Proven, path: str, data: bytes, headers: dict[str, str]
    ) -> RecordingsReply:
        self.came.append(path)
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply

    async def send(self) -> bool:
        """Send some."""
        return await self._send_some(cast("Any", None))


@pytest.fixture
async def view(tmp_path: Path) -> RecordedView:
    """A view with two segments kept."""
    made = RecordedView(tmp_path / "segments")
    await made.start()
    await made.pieces(*range(4))
    await made.recording.pause()
    await made.pieces(*range(4, 8))
    await made.recording.pause()
    return made


def waiting(view: RecordedView) -> int:
    """Count the segments that wait."""
    return len(list(view.folder.glob("*.segment")))


async def test_the_oldest_goes_first_and_is_removed_when_stored(view: RecordedView) -> None:
    """One at a time, until nothing is left; the end of the view follows the last."""
    box = Box(view)
    assert waiting(view) == 2
    assert await box.send()
    assert waiting(view) == 1
    assert await box.send()
    assert waiting(view) == 0
    await view.shelf.end(view.shelf.chain(SESSION, 1, View.FRONT))
    await box.send()
    assert box.came[-1] == VIEWS
    assert not await box.send()
    assert len(box.came) == 3, "told once"


@pytest.mark.parametrize("code", list(Refusal))
async def test_what_the_box_refuses_stays(view: RecordedView, code: Refusal) -> None:
    """Whatever the reason, the segment is kept; with the box willing it goes."""
    box = Box(view)
    box.reply = Refused(code=code, text="no")
    assert not await box.send()
    assert waiting(view) == 2
    box.reply = Stored()
    assert await box.send()


@pytest.mark.parametrize("error", [ConnectionResetError("cut"), TimeoutError()])
async def test_a_broken_line_loses_nothing(view: RecordedView, error: Exception) -> None:
    """It waits for the next try."""
    box = Box(view)
    box.reply = error
    assert not await box.send()
    assert waiting(view) == 2


async def test_a_full_disk_after_the_box_has_stored_it_sends_it_again(
    view: RecordedView, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the chain stands could not be noted: the box is asked again, and says stored."""
    box = Box(view)

    async def full(*_: object, **__: object) -> None:
        raise DiskFullError("no room")

    with monkeypatch.context() as patched:
        patched.setattr(view.shelf, "_put", full)
        assert not await box.send()
    assert waiting(view) == 2
    assert await box.send()
    assert waiting(view) == 1


async def test_a_damaged_segment_holds_up_no_other(view: RecordedView) -> None:
    """It is set aside, to be a hole on record; the next one goes."""
    first = min(view.folder.glob("*.segment"))
    first.write_bytes(b"torn")
    box = Box(view)
    assert not await box.send()
    assert first.with_suffix(".damaged").exists()
    assert await box.send()
    assert waiting(view) == 0
