"""Terminals that show no certificate, a stranger's, a revoked one, or another centre's."""

import datetime as dt
from pathlib import Path

import aiohttp

from appliance.core.building import centre_authority
from drill.sample_office import PASSPHRASE, ROOT_PASSPHRASE, SampleOffice
from protocol import seat_api
from protocol.enrolment import make_request
from protocol.identities import BoxIdentity
from provisioning import authority
from provisioning.office import Office
from runtime.tls import client_context
from terminal_agent.identity import Identity, keep, keys_for
from terminal_agent.link import seat_tls
from tests.attacked_hall import AttackedHall, RogueSeat, attacked_hall


async def answer(http: aiohttp.ClientSession, path: str = seat_api.HALL) -> tuple[int, str]:
    """Return status and body of a question; 0 where the handshake was refused."""
    try:
        async with http.get(path) as reply:
            return reply.status, await reply.text()
    except (aiohttp.ClientError, OSError) as error:
        return 0, type(error).__name__


async def test_who_has_no_right_hears_why_and_who_has_goes_on(tmp_path: Path) -> None:
    """Each is told what was expected and to pair; the honest seat beside them notices nothing."""
    async with attacked_hall(tmp_path) as hall, hall.seat("a01") as honest:
        async with hall.session(None) as nobody:
            status, said = await answer(nobody)
            assert (status, "none came; pair this terminal" in said) == (401, True)
        unpaired = issued(tmp_path / "unpaired", hall.office.boxes[0])
        async with shows(hall, honest, unpaired) as http:
            status, said = await answer(http)
            assert status == 401
            assert "of this centre that was not" in said
            assert "pair this terminal" in said
        foreign = issued(tmp_path / "foreign", another_centre(hall.office))
        async with shows(hall, honest, foreign) as http:
            status, said = await answer(http)
            assert status in {0, 401}, said
            assert (await answer(honest.http))[0] == 200
        assert isinstance(await honest.log_in(0), seat_api.LoggedIn)


async def test_a_revoked_machine_is_told_and_its_link_is_cut(tmp_path: Path) -> None:
    """When its place was given to another machine, the old one may do nothing any more."""
    async with attacked_hall(tmp_path) as hall, hall.seat("a01", "old") as old:
        assert isinstance(await old.log_in(0), seat_api.LoggedIn)
        async with hall.seat("a01", "new") as new:
            status, said = await answer(old.http)
            assert (status, "was revoked" in said, "pair it again" in said) == (401, True, True)
            body = (await old.post(seat_api.LOGIN, b"{}")).decode()
            assert "was revoked" in body
            assert (await answer(new.http))[0] == 200


async def test_one_seats_certificate_opens_no_other_seats_exam(tmp_path: Path) -> None:
    """A candidate of seat 2 who logs in at seat 1 is sent to the own seat."""
    async with attacked_hall(tmp_path) as hall, hall.seat("a01") as seat:
        reply = await seat.log_in(1)
        assert isinstance(reply, seat_api.LoginRefused)
        assert (reply.code, reply.seat) == (seat_api.LoginRefusal.OTHER_SEAT, "A02")


def issued(folder: Path, box: BoxIdentity, seat: str = "a01") -> Identity:
    """Return a seat's identity that this box's centre CA issued, without any pairing."""
    keys = keys_for(folder, seat)
    certificates = centre_authority(box).issue(
        seat=seat,
        tls_request=make_request(keys.tls, seat),
        seat_request=make_request(keys.signer, seat),
    )
    return keep(folder, keys, certificates)


def another_centre(office: SampleOffice) -> BoxIdentity:
    """Let the same office add another centre with a box; return the box."""
    now = dt.datetime.now(dt.UTC)
    with Office(office.office_folder, PASSPHRASE) as opened:
        authority.add_centre(opened, "other-centre", "另一考点", ROOT_PASSPHRASE, now)
        return authority.add_appliance(opened, "other-centre", "other-main", "room-1", now)


def shows(hall: AttackedHall, honest: RogueSeat, shown: Identity) -> aiohttp.ClientSession:
    """Return a session that trusts this hall's box and shows another's certificate."""
    context = client_context(
        authorities=honest.identity.authority_pem.read_bytes(),
        identity=seat_tls(shown),
        check_name=False,
    )
    return aiohttp.ClientSession(
        f"https://127.0.0.1:{hall.seats_port}", connector=aiohttp.TCPConnector(ssl=context)
    )
