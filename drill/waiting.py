"""Waiting for other processes: with a limit, whose end says what was waited for."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from drill.errors import NotInTimeError


@asynccontextmanager
async def patience(seconds: float, what: Callable[[], str] | str) -> AsyncIterator[None]:
    """Let the block take so long at most; raise `NotInTimeError` that says ``what``."""
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            yield
    except TimeoutError as error:
        if not limit.expired():
            raise
        said = what if isinstance(what, str) else what()
        raise NotInTimeError(f"expected within {seconds:.0f} s: {said}") from error


async def until(true: Callable[[], bool], what: str, seconds: float, every: float = 0.05) -> None:
    """Return once ``true`` holds, of something that sets no event of ours, such as a file."""
    async with patience(seconds, what):
        while not true():  # noqa: ASYNC110 - see above
            await asyncio.sleep(every)
