"""The receiver's HTTP: tus 1.0 and the receipts, for boxes of enrolled bundles only.

The handshake has checked that the certificate hangs from the office root; here its
SHA-256 must be that of an enrolled box and not revoked. What is decided elsewhere as a
typed outcome becomes a status here, and nowhere else:

==========================  ======  =====================================
taken, or not whole yet     204     ``Upload-Offset``
no such upload              404     create it (again)
wrong offset                409     ``Upload-Offset`` says where to go on
too long, or too large      413
a file that is not taken    422     a person must look
altered on the way          460     send again
no room, or too much begun  507     later
==========================  ======  =====================================
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from aiohttp import StreamReader, web

from central.receiving.expiry import MOST_BYTES
from central.receiving.judgement import Fault, Refused
from central.receiving.receipts import ReceiptDesk
from central.receiving.receiver import (
    NoRoom,
    NoSuchUpload,
    PatchOutcome,
    Piece,
    Progress,
    Receiver,
    TooLong,
    WrongChecksum,
    WrongOffset,
)
from central.registry import Box, Registry
from protocol import upload as tus
from protocol.errors import ProtocolError
from protocol.values import encode
from runtime.errors import DatabaseBusyError, DiskFullError, MachineryError
from runtime.tls import peer_fingerprint

IDLE_S: Final = 60.0
"""How long a PATCH may bring nothing."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _StrangerError(Exception):
    """Whoever calls is no box of ours; ends the request."""

    code = "C401"


class ReceiverApi:
    """The routes over one `Receiver`."""

    def __init__(
        self,
        receiver: Receiver,
        desk: ReceiptDesk,
        registry: Callable[[], Registry],
    ) -> None:
        self._receiver = receiver
        self._desk = desk
        self._registry = registry

    def application(self) -> web.Application:
        """Return the application to be served."""
        app = web.Application(middlewares=[_speak_tus, _answer_errors])
        app.on_shutdown.append(self._end_waiting)
        app.router.add_options(tus.UPLOADS, self._options)
        app.router.add_post(tus.UPLOADS, self._create)
        app.router.add_head(tus.UPLOADS + "/{id}", self._ask)
        app.router.add_patch(tus.UPLOADS + "/{id}", self._patch)
        app.router.add_get(tus.RECEIPTS, self._receipts)
        return app

    async def _end_waiting(self, _app: web.Application) -> None:
        self._desk.close()

    async def _options(self, _request: web.Request) -> web.Response:
        headers = {
            "Tus-Version": tus.TUS,
            "Tus-Extension": tus.EXTENSIONS,
            "Tus-Max-Size": str(tus.MAX_FILE),
            "Tus-Checksum-Algorithm": tus.CHECKSUMS,
        }
        return web.Response(status=204, headers=headers)

    async def _create(self, request: web.Request) -> web.Response:
        client = await self._client(request)
        length = tus.read_number("Upload-Length", request.headers.get("Upload-Length"))
        if not 0 < length <= tus.MAX_FILE:
            return _refuse(413, "C404", f"expected 1 to {tus.MAX_FILE} bytes; got {length}")
        digest = tus.declared_digest(request.headers.get("Upload-Metadata", ""))
        progress = await self._receiver.create(client, length, digest)
        outcome: PatchOutcome = progress
        if request.content_type == tus.OFFSET_TYPE and progress.offset == 0:
            outcome = await self._receive(request, client, progress.upload, 0)
        return _answer(outcome, created=progress)

    async def _ask(self, request: web.Request) -> web.Response:
        client = await self._client(request)
        outcome = await self._receiver.ask(client, request.match_info["id"])
        return _answer(outcome, status=200)

    async def _patch(self, request: web.Request) -> web.Response:
        client = await self._client(request)
        if request.content_type != tus.OFFSET_TYPE:
            return _refuse(415, "C403", f"Content-Type: expected {tus.OFFSET_TYPE}")
        offset = tus.read_number("Upload-Offset", request.headers.get("Upload-Offset"))
        return _answer(await self._receive(request, client, request.match_info["id"], offset))

    async def _receive(
        self, request: web.Request, client: str, name: str, offset: int
    ) -> PatchOutcome:
        header = request.headers.get("Upload-Checksum")
        piece = Piece(
            offset=offset,
            body=_body(request.content, IDLE_S),
            checksum=None if header is None else tus.read_checksum(header),
            end=lambda: _abort(request),
        )
        return await self._receiver.receive(client, name, piece)

    async def _receipts(self, request: web.Request) -> web.Response:
        box = await self._box(request)
        after = tus.read_number("after", request.query.get("after", "0"))
        wait = tus.read_number("wait", request.query.get("wait", "0"))
        page = await self._desk.page(
            box.centre, box.appliance.id, after=after, wait_s=min(wait, tus.MAX_WAIT_S)
        )
        return web.Response(body=encode(page), content_type="application/json")

    async def _client(self, request: web.Request) -> str:
        return (await self._box(request)).appliance.tls_certificate

    async def _box(self, request: web.Request) -> Box:
        certificate = peer_fingerprint(request) or ""
        box = (await asyncio.to_thread(self._registry)).by_certificate(certificate)
        if box is None:
            raise _StrangerError(
                "expected the certificate of a box of an enrolled bundle, not revoked; got "
                f"{certificate[:16] or 'none'}: enrol the bundle at the office"
            )
        return box


async def _body(content: StreamReader, idle_s: float) -> AsyncIterator[bytes]:
    while True:
        try:
            async with asyncio.timeout(idle_s):
                data = await content.readany()
        except ConnectionError:
            yield _left_in(content)
            raise
        if not data:
            return
        yield data


def _left_in(content: StreamReader) -> bytes:
    """Return what had come before the line broke: aiohttp raises before it gives that out."""
    content.set_exception(None)  # type: ignore[arg-type] # its only way to be read again
    return content.read_nowait()


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _answer(
    outcome: PatchOutcome, *, status: int = 204, created: Progress | None = None
) -> web.Response:
    """Turn an outcome into a response: the only place where statuses are chosen."""
    match outcome:
        case Progress(outcome=Refused(fault=fault, message=message)):
            altered = fault is Fault.ALTERED
            return _refuse(tus.CHECKSUM_MISMATCH if altered else 422, fault.value, message)
        case Progress():
            return _progress(outcome, status, created)
        case NoSuchUpload():
            return _refuse(404, "C402", "expected an upload that this box has created; got none")
        case WrongOffset(expected=expected, came=came):
            response = _refuse(409, "C405", f"expected bytes from {expected} on; got {came}")
            response.headers["Upload-Offset"] = str(expected)
            return response
        case WrongChecksum():
            return _refuse(
                tus.CHECKSUM_MISMATCH,
                "C406",
                "Upload-Checksum does not fit the bytes: they were dropped, send them again",
            )
        case NoRoom():
            return _refuse(
                507,
                "C412",
                f"expected at most {MOST_BYTES} bytes of unfinished uploads of one box; finish "
                "those that were begun, or wait an hour",
            )
        case TooLong():
            return _refuse(413, "C407", "more bytes came than Upload-Length declared")


def _progress(progress: Progress, status: int, created: Progress | None) -> web.Response:
    headers = {
        "Upload-Offset": str(progress.offset),
        "Upload-Length": str(progress.length),
        "Cache-Control": "no-store",
    }
    if created is not None:
        headers["Location"] = f"{tus.UPLOADS}/{created.upload}"
    return web.Response(status=201 if created else status, headers=headers)


def _refuse(status: int, code: str, message: str) -> web.Response:
    body = encode(tus.Refusal(code=code, message=message))
    return web.Response(status=status, body=body, content_type="application/json")


@web.middleware
async def _answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Say what is wrong with a request, or with our disk, in the words of `Refusal`."""
    try:
        return await handler(request)
    except (ProtocolError, _StrangerError) as error:
        status = 403 if isinstance(error, _StrangerError) else 400
        return _refuse(status, error.code, str(error))
    except TimeoutError:
        return _refuse(408, "C408", "the bytes stopped coming: ask by HEAD, then go on")
    except ConnectionError:
        return _refuse(400, "C411", "the line broke: ask by HEAD, then go on")  # to nobody
    except MachineryError as error:
        return _refuse(_machinery_status(error), error.code, str(error))


def _machinery_status(error: MachineryError) -> int:
    if isinstance(error, DiskFullError):
        return 507
    return 503 if isinstance(error, DatabaseBusyError) else 500


@web.middleware
async def _speak_tus(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse another version of tus, and name ours in every answer about uploads."""
    if not request.path.startswith(tus.UPLOADS):
        return await handler(request)
    if request.method != "OPTIONS" and request.headers.get("Tus-Resumable") != tus.TUS:
        response: web.StreamResponse = _refuse(412, "C409", f"Tus-Resumable: expected {tus.TUS}")
        response.headers["Tus-Version"] = tus.TUS
    else:
        response = await handler(request)
    response.headers["Tus-Resumable"] = tus.TUS
    return response
