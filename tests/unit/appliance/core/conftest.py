"""A hall for each test, over one office for all."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drill.sample_office import SampleOffice
from tests.core_hall import CoreHall, core_hall, shared_office


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> SampleOffice:
    """The office that made the bundle; to be read only."""
    return shared_office(tmp_path_factory)


@pytest.fixture
async def hall(office: SampleOffice, tmp_path: Path) -> AsyncIterator[CoreHall]:
    """A hall twenty minutes before the start, nobody in it."""
    async with core_hall(tmp_path, office) as opened:
        yield opened
