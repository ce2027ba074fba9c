"""Waiting for something outside of this process's events: a file, another process."""

import asyncio
from collections.abc import Callable


async def until(happened: Callable[[], bool], *, seconds: float = 20) -> None:
    """Return as soon as ``happened`` is true; fail after ``seconds``."""
    async with asyncio.timeout(seconds):
        while not happened():  # noqa: ASYNC110 - what is awaited sets no event of ours
            await asyncio.sleep(0.01)
