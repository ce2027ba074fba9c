"""An outside peer: tuspy, the tus project's own Python client, against our receiver."""

import asyncio
import io
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from central.layout import Layout
from central.receiving.service import receiving
from protocol import upload as tus
from protocol.parcel import Lane
from tests.sample_office import SampleBox, SampleOffice
from tests.sample_parcels import Lanes, SampleParcel


@pytest.fixture(scope="module")
def office() -> SampleOffice:
    """An office with one centre."""
    return SampleOffice()


@pytest.fixture
def layout(office: SampleOffice, tmp_path: Path) -> Layout:
    """The office on a disk."""
    return office.lay_out(tmp_path / "office")


@pytest.fixture
async def port(layout: Layout) -> AsyncIterator[int]:
    """The port of a running receiver."""
    async with receiving(layout) as listener:
        yield listener.port


@pytest.fixture
def client(
    office: SampleOffice, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> TusClient:
    """Tuspy with the main box's certificate; it takes authorities from the environment."""
    (tmp_path / "root.pem").write_bytes(office.root.pem)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "root.pem"))
    return TusClient(
        f"https://127.0.0.1:{port}{tus.UPLOADS}", client_cert=_files(office.main, tmp_path)
    )


def _files(box: SampleBox, folder: Path) -> tuple[str, str]:
    chain, key = folder / "box.pem", folder / "box.key"
    chain.write_bytes(box.tls.chain_pem)
    key.write_bytes(box.tls.key_pem.reveal())
    return str(chain), str(key)


def uploader(client: TusClient, parcel: SampleParcel, **options: object) -> object:
    """Return tuspy's uploader for a parcel, with the digest that our office asks for."""
    return client.uploader(
        file_stream=io.BytesIO(parcel.data),
        metadata={"sha256": parcel.sha256, "filename": parcel.key.file_name},
        **options,
    )


@pytest.mark.parametrize("way", ["plain", "with checksums"])
async def test_tuspy_delivers_a_parcel(
    office: SampleOffice, layout: Layout, client: TusClient, way: str
) -> None:
    """Tuspy creates, sends in pieces (with SHA-1 checksums too), and the parcel is here."""
    parcel = Lanes(office.recipient, office.main).parcel(
        Lane.RECORDINGS, blobs=[os.urandom(300_000)]
    )
    upload = uploader(client, parcel, chunk_size=50_000, upload_checksum=way != "plain")
    await asyncio.to_thread(upload.upload)  # type: ignore[attr-defined]
    assert layout.parcel(parcel.key).read_bytes() == parcel.data


async def test_tuspy_resumes_by_head(
    office: SampleOffice, layout: Layout, client: TusClient
) -> None:
    """A second tuspy, given the place only, asks by HEAD and goes on."""
    parcel = Lanes(office.recipient, office.main).parcel(
        Lane.RECORDINGS, blobs=[os.urandom(300_000)]
    )
    first = uploader(client, parcel, chunk_size=50_000)
    await asyncio.to_thread(first.upload, 100_000)  # type: ignore[attr-defined]
    assert not layout.parcel(parcel.key).exists()
    second = await asyncio.to_thread(
        uploader,
        client,
        parcel,
        url=first.url,  # type: ignore[attr-defined]
    )
    assert second.offset == 100_000  # type: ignore[attr-defined]
    await asyncio.to_thread(second.upload)  # type: ignore[attr-defined]
    assert layout.parcel(parcel.key).read_bytes() == parcel.data


async def test_tuspy_is_told_what_is_missing(client: TusClient) -> None:
    """Without the digest that our office asks for, the creation fails."""
    upload = client.uploader(file_stream=io.BytesIO(b"no parcel"))
    with pytest.raises(TusCommunicationError):
        await asyncio.to_thread(upload.upload)
