"""The `faces` process with seats and core beside it, for tests."""

import asyncio
import os
from contextlib import asynccontextmanager
from functools import lru_cache, partial
from pathlib import Path

import aiohttp
import cv2

from appliance.faces.process import FacesSettings, main
from drill import faces
from drill.clips import ClipSettings, cut_out, frames
from protocol.faces_api import FRAME_HEADER, FRAMES, FrameInfo, FrameReply
from protocol.values import decode, encode
from runtime.service import Service
from runtime.tls import client_context, fingerprint
from tests.certificates import Authority

SESSION, CHECK = "1" * 32, "c" * 32
ROSTER = {"zhang": faces.PRESIDENT, "li": faces.VICE_PRESIDENT, "wang": faces.ASTRONAUT}


class Box:
    """The machine that `faces` runs on, and the authority of its centre."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority("centre")
        self.socket = folder / "faces.sock"
        self._identity = self.authority.issue("box")

    @asynccontextmanager
    async def faces(self, *, port: int = 0, workers: int = 1):
        """Run the process in this loop until the block is left."""
        settings = FacesSettings(
            socket=self.socket,
            identity=self._identity,
            authorities=self.authority.pem,
            host="127.0.0.1",
            port=port,
            workers=workers,
        )
        service = Service("faces")
        process = asyncio.ensure_future(partial(main, settings=settings)(service))
        try:
            yield service
        finally:
            service.end("the test is over")
            await process


class Seat:
    """A machine with a certificate of the centre, that sends frames."""

    def __init__(self, authority: Authority) -> None:
        identity = authority.issue("seat")
        self.certificate = fingerprint(identity.certificate)
        self._trust = client_context(authorities=authority.pem, identity=identity)
        self.port = 0

    async def __aenter__(self):
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self._trust))
        return self

    async def __aexit__(self, *_):
        await self._http.close()

    async def post(self, **options):
        """Any request to the frames' address; its status and text."""
        url = f"https://127.0.0.1:{self.port}{FRAMES}"
        async with self._http.post(url, **options) as reply:
            return reply.status, await reply.text()

    async def send(self, jpeg: bytes, session: str = SESSION) -> FrameReply:
        """Send one frame as the protocol has it."""
        info = FrameInfo(session=session, view="front", taken=1_790_000_000_000)
        header = {FRAME_HEADER: encode(info).decode()}
        status, text = await self.post(data=jpeg, headers=header)
        assert status == 200, text
        return decode(text.encode(), FrameReply)


@lru_cache
def jpegs(face, second=None, **settings):
    """Frames of a clip of ``face``, as a seat sends them."""
    wanted = ClipSettings(seconds=1, rate=6, **settings)
    other = cut_out(second) if second else None
    return [
        cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
        for shown in frames(cut_out(face), wanted, other)
    ]


def worker_pids() -> list[int]:
    """The workers among the children of this process."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [
        int(pid)
        for pid in children
        if b"appliance.faces.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
