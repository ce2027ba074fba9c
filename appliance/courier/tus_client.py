"""One upload over tus 1.0: create, ask, send a piece. Outcomes are values, a broken line raises.

`Upload` remembers where the office stands. After anything unexpected that is forgotten,
and the office is asked again. Nothing is followed to another place than the address of the
bundle: no redirect, and no ``Location`` elsewhere. Of an answer only so much is read as an
office has to say.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import aiohttp

from protocol import upload as tus
from protocol.errors import ProtocolError
from protocol.values import decode
from runtime.tls import explain

_SLICE: Final = 128 * 1024
_STATUS_OK: Final = frozenset({200, 201, 204})
_GONE: Final = frozenset({404, 410})
_ELSEWHERE: Final = 409
_NOT_THIS_PARCEL: Final = frozenset({400, 413, 415, 422, tus.CHECKSUM_MISMATCH})
_MOST_ANSWER: Final = 64 * 1024
"""Of an answer about an upload, bytes."""
_MOST_CONFLICTS: Final = 3
"""So often in a row the office may stand elsewhere than it said before we pause."""


class LineError(Exception):
    """Nothing goes over now: no line, or an office that cannot take anything at the moment."""


@dataclass(frozen=True, kw_only=True)
class Advanced:
    """The office has ``offset`` bytes; ``sent`` of them went over just now."""

    offset: int
    sent: int


@dataclass(frozen=True, kw_only=True)
class NotTaken:
    """The office does not take this parcel; a person there must look. ``code`` is stable."""

    code: str
    message: str


Step = Advanced | NotTaken


@dataclass
class Upload:
    """A file on its way to one office. ``offset`` is None where the office must be asked."""

    path: Path
    size: int
    sha256: str
    place: str = ""
    offset: int | None = None
    conflicts: int = 0


class TusClient:
    """Speaks to one office at one address."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self._session = session
        self._base = base.rstrip("/")

    async def step(self, upload: Upload, piece: int) -> Step:
        """Do one request: create (with the bytes, where they are few), ask, or send a piece.

        Raises `LineError`.
        """
        try:
            if not upload.place:
                return await self._create(upload, piece)
            if upload.offset is None:
                return await self._ask(upload)
            return await self._send(upload, upload.offset, piece)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            upload.offset = None
            raise LineError(_words(error)) from error

    async def _create(self, upload: Upload, piece: int) -> Step:
        headers = {
            "Upload-Length": str(upload.size),
            "Upload-Metadata": tus.write_metadata(
                {"sha256": upload.sha256, "filename": upload.path.name}
            ),
        }
        if upload.size > piece:
            return await self._request("POST", tus.UPLOADS, upload, headers)
        return await self._request_with_body("POST", tus.UPLOADS, upload, headers, 0, upload.size)

    async def _ask(self, upload: Upload) -> Step:
        return await self._request("HEAD", upload.place, upload, {})

    async def _send(self, upload: Upload, offset: int, piece: int) -> Step:
        length = min(piece, upload.size - offset)
        headers = {"Upload-Offset": str(offset)}
        return await self._request_with_body("PATCH", upload.place, upload, headers, offset, length)

    async def _request_with_body(
        self,
        method: str,
        place: str,
        upload: Upload,
        headers: dict[str, str],
        offset: int,
        length: int,
    ) -> Step:
        headers |= {"Content-Type": tus.OFFSET_TYPE, "Content-Length": str(length)}
        with await asyncio.to_thread(upload.path.open, "rb") as file:
            body = _read(file, offset, length)
            return await self._request(method, place, upload, headers, body, offset)

    async def _request(
        self,
        method: str,
        place: str,
        upload: Upload,
        headers: dict[str, str],
        body: AsyncIterator[bytes] | None = None,
        before: int = 0,
    ) -> Step:
        headers["Tus-Resumable"] = tus.TUS
        async with self._session.request(
            method, self._base + place, data=body, headers=headers, allow_redirects=False
        ) as response:
            answer = await read_bounded(response, _MOST_ANSWER)
            if response.status not in _STATUS_OK:
                return _refused(upload, response, answer)
            if "Location" in response.headers:
                upload.place = _place(self._base, response.headers["Location"])
            return _advanced(upload, response, before, sent=body is not None)


async def read_bounded(response: aiohttp.ClientResponse, most: int) -> bytes:
    """Return the body of an answer; raise `LineError` where it is longer than ``most`` bytes."""
    body = bytearray()
    async for data in response.content.iter_any():
        body += data
        if len(body) > most:
            raise LineError(f"the office's answer: expected at most {most} bytes")
    return bytes(body)


def _place(base: str, told: str) -> str:
    """Return where an upload lies at the office, as a path below its address."""
    path = told.removeprefix(base)
    if not path.startswith("/") or path.startswith("//"):
        raise LineError(f"the office's answer: expected an upload below {base}; got {told[:200]!r}")
    return path


def _advanced(
    upload: Upload, response: aiohttp.ClientResponse, before: int, *, sent: bool
) -> Advanced:
    told = response.headers.get("Upload-Offset")
    offset = 0 if told is None and response.status == 201 else _number(told)  # noqa: PLR2004
    upload.offset = offset
    upload.conflicts = 0 if sent else upload.conflicts
    return Advanced(offset=offset, sent=max(0, offset - before) if sent else 0)


def _number(text: str | None) -> int:
    try:
        return tus.read_number("Upload-Offset", text)
    except ProtocolError as error:
        raise LineError(f"the office's answer: {error}") from error


def _refused(upload: Upload, response: aiohttp.ClientResponse, answer: bytes) -> Step:
    """Tell a parcel that is not taken from an office that must be asked again, or later."""
    upload.offset = None
    status, words = response.status, _refusal(answer, response.status)
    if status in _GONE or status == _ELSEWHERE:
        upload.place = "" if status in _GONE else upload.place
        upload.conflicts += 1
        if upload.conflicts <= _MOST_CONFLICTS:
            return Advanced(offset=0, sent=0)
    if status in _NOT_THIS_PARCEL:
        upload.place = ""
        return NotTaken(code=words.code, message=words.message)
    raise LineError(f"the office answers {status}: {words.message}")


def _refusal(answer: bytes, status: int) -> tus.Refusal:
    try:
        return decode(answer, tus.Refusal)
    except ProtocolError:
        return tus.Refusal(code=f"H{status}", message=answer[:200].decode("utf-8", "replace"))


async def _read(file: BinaryIO, offset: int, length: int) -> AsyncIterator[bytes]:
    await asyncio.to_thread(file.seek, offset)
    while length > 0:
        data = await asyncio.to_thread(file.read, min(_SLICE, length))
        if not data:
            raise OSError("the parcel's file is shorter than it was")
        length -= len(data)
        yield data


def _words(error: BaseException) -> str:
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"{error.host}:{error.port}: {explain(error.os_error)}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
