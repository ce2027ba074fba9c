"""The way from the log-in to the start, in a measured hall: staff admit, unlock and arm."""

from collections.abc import Sequence

from appliance.ipc import staff_client
from benchmarks.hall import HallError, MeasuredHall
from benchmarks.seats import MeasuredSeat, connect
from benchmarks.writing import Writing
from drill.sample_sitting import SUBJECT
from protocol import seat_api, staff_api
from protocol.journal import OwnData, RulesRead
from protocol.seat_api import Acknowledged


async def lead_to_the_start(hall: MeasuredHall, seats: Sequence[MeasuredSeat]) -> None:
    """Let staff admit everybody, and everybody read the rules: then they wait for P."""
    for seat in seats:
        await admit(hall, seat.grant.candidate)
    wires = await connect(hall.port, seats)
    for seat, wire in zip(seats, wires, strict=True):
        status, body = await wire.ask(Writing(seat).request(_own_data, _rules_read))
        reply = seat_api.decode_batch_reply(body)
        if status != 200 or not isinstance(reply, Acknowledged):
            raise HallError(f"{seat.person.name} is not through the door: {reply}")
        wire.close()


async def admit(hall: MeasuredHall, candidate: str) -> None:
    """Let staff say that the person at the seat is the candidate."""
    await hall.act(
        staff_api.DecideIdentity(candidate=candidate, accepted=True, reason="seen in person")
    )


async def arm(hall: MeasuredHall) -> float:
    """Unlock the paper's key and arm the start as soon as it may be; return it in hall time."""
    codes = tuple(code.reveal() for code in hall.office.codes)
    await hall.act(staff_api.Unlock(subject=SUBJECT), codes)
    await hall.act(staff_api.Arm(subject=SUBJECT, start=1))
    status = await staff_client.fetch_status(hall.staff_socket)
    if status.subject is None or status.subject.armed_start is None:
        raise HallError("core says that the start is not armed")
    return status.subject.armed_start


def _own_data(n: int) -> OwnData:
    return OwnData(n=n, hall=n, mono=n, right=True)


def _rules_read(n: int) -> RulesRead:
    return RulesRead(n=n, hall=n, mono=n, rules="0" * 64)
