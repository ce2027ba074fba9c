"""The two pictures of a candidate side by side: the roster photo and the last look of the camera.

Task: one worker, owned by this widget, fetches the roster photo once and the camera's
picture again every few seconds; it ends with the widget.
"""

import asyncio
from typing import Final

from PIL import Image as Pillow
from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal

from appliance.console import messages as m
from appliance.console.pictures import Picture, PictureError, decode
from appliance.console.view import Desk

_AGAIN_S: Final = 3.0
_WORKERS: Final = "pictures"


class Portraits(Horizontal):
    """Roster photo on the left, camera on the right."""

    def __init__(self, desk: Desk, candidate: str | None = None) -> None:
        super().__init__(classes="portraits")
        self._desk = desk
        self._candidate = candidate
        self._is_close = False

    def compose(self) -> ComposeResult:
        """Draw both places."""
        language = self._desk.view.language
        words = {"loading": m.LOADING.say(language), "missing": m.NO_PICTURE.say(language)}
        yield Picture(m.ROSTER_PHOTO.say(language), id="roster", **words)
        yield Picture(m.CAMERA_PICTURE.say(language), id="camera", **words)

    def on_mount(self) -> None:
        """Begin to fetch."""
        self._begin()

    def show_candidate(self, candidate: str | None) -> None:
        """Show another candidate, or nobody."""
        if candidate != self._candidate:
            self._candidate = candidate
            self._begin()

    def _begin(self) -> None:
        self.workers.cancel_group(self, _WORKERS)
        for picture in self.query(Picture):
            if self._candidate is None:
                picture.show(None)
            else:
                picture.wait()
        if self._candidate is not None:
            self._fetch(self._candidate)

    def toggle_closer(self) -> None:
        """Look closer at both, or at the whole again."""
        self._is_close = not self._is_close
        for picture in self.query(Picture):
            picture.look(close=self._is_close)

    @work(exclusive=True, group=_WORKERS)
    async def _fetch(self, candidate: str) -> None:
        roster = await self._desk.picture(candidate, "roster")
        self._show("#roster", await _decoded(roster))
        shown: bytes | None = b""
        while True:
            camera = await self._desk.picture(candidate, "camera")
            if camera != shown:
                shown = camera
                self._show("#camera", await _decoded(camera))
            await asyncio.sleep(_AGAIN_S)

    def _show(self, name: str, image: Pillow.Image | None) -> None:
        """Show what came; the page may have been left while it was on its way."""
        for picture in self.query(name).results(Picture):
            picture.show(image)


async def _decoded(data: bytes | None) -> Pillow.Image | None:
    if data is None:
        return None
    try:
        return await asyncio.to_thread(decode, data)
    except PictureError:
        return None
