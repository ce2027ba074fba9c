"""A caller of the receiver that does exactly what a test says, one request at a time."""

import ssl
from dataclasses import dataclass

import aiohttp

from protocol import upload as tus
from protocol.values import decode, sha256_hex
from runtime.tls import client_context
from tests.sample_office import SampleBox, SampleOffice


@dataclass
class Answer:
    """Status, headers and body of one answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def offset(self) -> int:
        """``Upload-Offset``."""
        return int(self.headers["Upload-Offset"])

    @property
    def code(self) -> str:
        """Code of the refusal."""
        return decode(self.body, tus.Refusal).code


class TusCaller:
    """Speaks as one box to one receiver; a fresh connection for each request."""

    def __init__(self, office: SampleOffice, box: SampleBox, port: int) -> None:
        self.base = f"https://127.0.0.1:{port}"
        self.context: ssl.SSLContext = client_context(authorities=office.root.pem, identity=box.tls)

    async def call(
        self, method: str, path: str, data: bytes | None = None, **headers: str
    ) -> Answer:
        """Make one request; ``Upload_Offset="3"`` becomes ``Upload-Offset: 3``."""
        sent = {"Tus-Resumable": tus.TUS}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connector = aiohttp.TCPConnector(ssl=self.context, force_close=True)
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.request(method, self.base + path, data=data, headers=sent) as response,
        ):
            return Answer(response.status, dict(response.headers), await response.read())

    async def create(self, data: bytes, **headers: str) -> Answer:
        """Create an upload for a whole file."""
        metadata = tus.write_metadata({"sha256": sha256_hex(data)})
        sent = {"Upload_Length": str(len(data)), "Upload_Metadata": metadata} | headers
        return await self.call("POST", tus.UPLOADS, **sent)

    async def patch(self, place: str, data: bytes, offset: int, **headers: str) -> Answer:
        """Send bytes."""
        sent = {"Upload_Offset": str(offset), "Content_Type": tus.OFFSET_TYPE} | headers
        return await self.call("PATCH", place, data, **sent)

    async def send(self, data: bytes, *, piece: int = 1 << 20) -> Answer:
        """Send a whole file in pieces, from where it stands; return the last answer."""
        created = await self.create(data)
        if created.status != 201:
            return created
        answer = created
        while answer.status in {201, 204} and answer.offset < len(data):
            at = answer.offset
            answer = await self.patch(created.headers["Location"], data[at : at + piece], at)
        return answer
