"""Whether a machine answers at its address: one connection, one line, within seconds.

The line proves no identity; it tells a terminal's port from a port that is merely open.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from protocol.discovery import HELLO, Address, read_address

TIMEOUT_S: Final = 2.0


async def first_answering(addresses: Sequence[str]) -> str | None:
    """Return the first of ``addresses`` where a terminal says its line, None for none.

    All are asked at once, so that one that is dead holds the others up by no second.
    """
    said = await asyncio.gather(*(_answers(read_address(address)) for address in addresses))
    return next((address for address, yes in zip(addresses, said, strict=True) if yes), None)


async def _answers(address: Address) -> bool:
    try:
        async with asyncio.timeout(TIMEOUT_S):
            reader, writer = await asyncio.open_connection(*address)
            try:
                return await reader.readexactly(len(HELLO)) == HELLO
            finally:
                writer.transport.abort()
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False
