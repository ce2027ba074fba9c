"""A bundle that is taken while the box runs: its processes begin anew with it."""

import asyncio
from pathlib import Path

import pytest

from appliance.ipc import bundle
from appliance.ipc.settings import Settings
from runtime.service import Service


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return a box with a bundle in place."""
    monkeypatch.setattr(bundle, "_LOOK_S", 0.005)
    settings = Settings(state=str(tmp_path), run=str(tmp_path / "run"))
    settings.bundles.mkdir()
    (settings.bundles / "current").write_text("one")
    return settings


async def test_another_bundle_ends_the_process(settings: Settings) -> None:
    """Whoever keeps it running starts it again, and it reads the new one."""
    service = Service("courier")
    waiting = asyncio.ensure_future(bundle.ended_or_another_bundle(service, settings))
    (settings.bundles / "current").write_text("one")
    done, _ = await asyncio.wait({waiting}, timeout=0.05)
    assert not done
    (settings.bundles / "current").write_text("two")
    async with asyncio.timeout(10):
        await waiting
        await service.ended()


async def test_a_service_that_is_told_to_end_ends_at_once(settings: Settings) -> None:
    """The look at the bundle holds nobody up."""
    service = Service("courier")
    service.end("told")
    async with asyncio.timeout(10):
        await bundle.ended_or_another_bundle(service, settings)
