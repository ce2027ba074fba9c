"""Takes one parcel by a real receiver and says so: to be run under strace.

``one_upload.py FOLDER``: prints ``answered`` once the last PATCH was answered.
"""

import asyncio
import sys
from pathlib import Path

from central.receiving.service import receiving
from protocol.parcel import Lane
from tests.sample_office import SampleOffice
from tests.sample_parcels import Lanes
from tests.tus_caller import TusCaller


async def main(folder: str) -> None:
    """Send a parcel in two pieces."""
    office = SampleOffice()
    layout = office.lay_out(Path(folder) / "office")
    parcel = Lanes(office.recipient, office.main).parcel(Lane.ANSWERS, blobs=[bytes(1000)])
    async with receiving(layout) as listener:
        caller = TusCaller(office, office.main, listener.port)
        answer = await caller.send(parcel.data, piece=len(parcel.data) - 100)
        sys.stdout.write(f"answered {answer.status}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
