"""The sealed paper: fetched long before the start, checked, and opened in memory with P.

Rules: a paper lies on this disk only as the office sealed it, with its digest checked; the
plain text is in memory only. P is kept wrapped to a key of this machine until the subject
is over, so that a seat that is booted again goes on without the appliance.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp

from exam.paper import Paper
from protocol import seat_api
from protocol.errors import MalformedError, SealedError
from protocol.large_sealed import open_large
from protocol.paper_file import read_paper_file
from protocol.sealed_paper import SealedPaper
from protocol.sealing import SealingIdentity, seal
from runtime.files import DurableFile, make_folder, remove_durably, rename_durably, write_atomic

_CHUNK: Final = 256 * 1024
_HOST_KEY: Final = "host.key"


@dataclass(frozen=True, kw_only=True)
class OpenPaper:
    """A paper in memory, with its pictures by name."""

    paper: Paper
    assets: dict[str, memoryview]
    digest: str


class PaperShelf:
    """The sealed papers on this seat's disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def prepare(self) -> None:
        """Make the folder. Blocks."""
        make_folder(self._folder)

    async def has(self, sealed: SealedPaper) -> bool:
        """Say whether the sealed paper lies here whole, by its digest."""
        return await asyncio.to_thread(_is_whole, self._path(sealed), sealed)

    async def fetch(self, session: aiohttp.ClientSession, sealed: SealedPaper) -> None:
        """Fetch the sealed paper, going on where an earlier try stopped; check its digest."""
        part = self._path(sealed).with_suffix(".part")
        file = await asyncio.to_thread(DurableFile, part)
        with file:
            if file.length > sealed.size:
                await asyncio.to_thread(file.cut, 0)
            if file.length < sealed.size:
                await self._fetch_rest(session, sealed, file)
            await asyncio.to_thread(file.sync)
        if not await asyncio.to_thread(_is_whole, part, sealed):
            await asyncio.to_thread(remove_durably, part)
            raise MalformedError(
                f"the sealed paper of {sealed.subject} came altered; it is fetched again"
            )
        await asyncio.to_thread(rename_durably, part, self._path(sealed))

    async def _fetch_rest(
        self, session: aiohttp.ClientSession, sealed: SealedPaper, file: DurableFile
    ) -> None:
        headers = {"Range": f"bytes={file.length}-"} if file.length else {}
        url = f"{seat_api.PAPERS}/{sealed.subject}"
        async with session.get(url, headers=headers) as reply:
            reply.raise_for_status()
            if file.length and reply.status != 206:  # noqa: PLR2004 - HTTP: partial content
                await asyncio.to_thread(file.cut, 0)
            async for chunk in reply.content.iter_chunked(_CHUNK):
                if file.length + len(chunk) > sealed.size:
                    raise MalformedError(f"expected {sealed.size} bytes of {url}; more came")
                await asyncio.to_thread(file.write, chunk)

    async def open(self, sealed: SealedPaper, key: SealingIdentity) -> OpenPaper:
        """Open the sealed paper with P, in memory; check the digest of its plain text."""
        return await asyncio.to_thread(self._open, sealed, key)

    def _open(self, sealed: SealedPaper, key: SealingIdentity) -> OpenPaper:
        plain = open_large(self._path(sealed).read_bytes(), key)
        digest = hashlib.sha256(plain).hexdigest()
        if digest != sealed.plain_sha256:
            raise SealedError("the opened paper is not the one that the office signed")
        paper, assets = read_paper_file(plain)
        return OpenPaper(paper=paper, assets=assets, digest=digest)

    # --- P at rest --------------------------------------------------------------------------

    def wrap(self, sealed: SealedPaper, key: SealingIdentity) -> None:
        """Keep P, sealed to this machine's own key, unless it is kept already. Blocks."""
        if self._wrapped(sealed).exists():
            return
        wrapped = seal(key.dangerous_text().encode(), [self._host().recipient])
        write_atomic(self._wrapped(sealed), wrapped)

    def unwrap(self, sealed: SealedPaper) -> SealingIdentity | None:
        """Return the P that was kept, None where there is none. Blocks."""
        path = self._wrapped(sealed)
        if not path.exists():
            return None
        return SealingIdentity.parse(self._host().open(path.read_bytes()).decode())

    def forget(self, sealed: SealedPaper) -> None:
        """Remove the wrapped P: the subject is over for this seat. Blocks."""
        path = self._wrapped(sealed)
        if path.exists():
            remove_durably(path)

    def keep_only(self, papers: Sequence[SealedPaper]) -> None:
        """Remove papers and keys that are of no paper of this sitting. Blocks."""
        kept = {path for p in papers for path in (self._path(p), self._wrapped(p))}
        for path in self._folder.glob("*.age"):
            if path not in kept:
                remove_durably(path)

    def discard(self, sealed: SealedPaper) -> None:
        """Remove a sealed paper that is not whole; its key stays. Blocks."""
        if self._path(sealed).exists():
            remove_durably(self._path(sealed))

    def _host(self) -> SealingIdentity:
        path = self._folder / _HOST_KEY
        if not path.exists():
            write_atomic(path, SealingIdentity.generate().dangerous_text().encode())
        return SealingIdentity.parse(path.read_text("ascii"))

    def _path(self, sealed: SealedPaper) -> Path:
        return self._folder / f"{sealed.sealed_sha256}.age"

    def _wrapped(self, sealed: SealedPaper) -> Path:
        return self._folder / f"{sealed.sealed_sha256}.key.age"


def _is_whole(path: Path, sealed: SealedPaper) -> bool:
    if not path.exists() or path.stat().st_size != sealed.size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sealed.sealed_sha256
