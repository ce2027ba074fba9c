"""Core's staff desk as a script: the real server on a real Unix socket, answers made up.

The status is what the test says it is; acts are really verified, and noted. `offline` takes
the socket away, as a core that has died does.
"""

import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image, ImageDraw

from appliance.core.staff_server import StaffDesk, staff_app
from protocol.keys import SigningKey
from protocol.staff_api import (
    ActDone,
    ActRefusal,
    ActRefused,
    ActReply,
    ActRequest,
    HallStatus,
    StaffAct,
    open_act,
)

KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(b"the staff key of a test, 32 byte"))


class ScriptedDesk:
    """Plays core."""

    def __init__(self, status: HallStatus, socket: Path) -> None:
        self.status = status
        self.socket = socket
        self.asked: list[StaffAct] = []
        self.codes: list[tuple[str, ...]] = []
        self.signers: list[int] = []
        """How many people signed each act."""
        self.replies: list[ActReply] = []
        """Given in turn; after them every act is done."""
        self.follows: Callable[[StaffAct], HallStatus | None] = lambda _act: None
        """What the status becomes after an act."""
        self.pictures: dict[tuple[str, str], bytes] = {}
        self.loses_replies = False
        self._runner: web.AppRunner | None = None

    def refuse(self, code: ActRefusal, text: str, at: int = 0, zh: str = "") -> None:
        """Refuse the next act."""
        self.replies.append(ActRefused(code=code, text=text, text_zh=zh, at=at))

    async def perform(self, request: ActRequest) -> ActReply:
        """Verify and note an act; reply what the script says."""
        asked = open_act(request.act, KEY.public)
        self.asked.append(asked)
        self.codes.append(request.codes)
        self.signers.append(len(request.act.signatures))
        if self.loses_replies:
            raise web.HTTPBadGateway(text="the reply is lost")
        reply = self.replies.pop(0) if self.replies else ActDone(decisions=(1,))
        if isinstance(reply, ActDone):
            self.status = self.follows(asked) or self.status
        return reply

    async def _roster(self, candidate: str) -> bytes | None:
        return self.pictures.get((candidate, "roster"))

    async def _camera(self, candidate: str) -> bytes | None:
        return self.pictures.get((candidate, "camera"))

    async def online(self) -> None:
        """Listen on the socket."""
        desk = StaffDesk(
            status=lambda: self.status,
            perform=self.perform,
            roster_photo=self._roster,
            camera_photo=self._camera,
        )
        self._runner = web.AppRunner(staff_app(desk), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.UnixSite(self._runner, str(self.socket)).start()

    async def offline(self) -> None:
        """Die."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
            self.socket.unlink(missing_ok=True)


@asynccontextmanager
async def scripted_desk(status: HallStatus, folder: Path) -> AsyncIterator[ScriptedDesk]:
    """Run a desk on a socket in a folder."""
    desk = ScriptedDesk(status, folder / "staff.sock")
    await desk.online()
    try:
        yield desk
    finally:
        await desk.offline()


def portrait(shirt: str, hair: str) -> bytes:
    """Return a drawn face (JPEG): enough to tell two pictures apart in a terminal."""
    picture = Image.new("RGB", (240, 300), "#d7e3ea")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((30, 210, 210, 420), fill=shirt)
    draw.ellipse((65, 40, 175, 190), fill=hair)
    draw.ellipse((75, 70, 165, 205), fill="#e8b995")
    draw.ellipse((98, 118, 110, 130), fill="#222222")
    draw.ellipse((130, 118, 142, 130), fill="#222222")
    draw.line((108, 170, 132, 170), fill="#8c3b32", width=5)
    kept = io.BytesIO()
    picture.save(kept, "JPEG", quality=90)
    return kept.getvalue()
