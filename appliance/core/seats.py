"""Who may speak as which seat: the certificates of paired seats, less the revoked ones.

A certificate of the centre CA is not enough: it must be one that this box paired, or a
seat could come back after its place was given to another machine.
"""

from collections.abc import Callable, Iterable

from cryptography import x509

from appliance.core import records
from appliance.core.pairing import Enrolled, Event, SeatPaired, WrongCode
from protocol.keys import VerifyKey
from protocol.log_entries import Paired, Revoked
from protocol.values import Value, decode, encode, sha256_hex
from runtime.database import Database


class PairedSeat(Value, frozen=True, kw_only=True):
    """A seat's machine: the digest of its TLS certificate, and its Ed25519 seat key."""

    seat: str
    certificate: str
    seat_key: str


class UnknownSeatError(Exception):
    """A certificate that no paired seat has; the message says what to do."""


class Seats:
    """The registry of paired seats."""

    def __init__(self, database: Database, revoked: Iterable[str], now: Callable[[], int]) -> None:
        self._database = database
        self._now = now
        self._revoked = dict.fromkeys(revoked, "revoked by the office")
        self._by_certificate: dict[str, PairedSeat] = {}
        self.enrolled: list[Enrolled] = []
        self.wrong_codes = 0
        """Wrong pairing codes since the start."""
        self.last_wrong = ""

    async def resume(self) -> None:
        """Read the registry back after a start."""
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT seat, certificate, seat_key, revoked, enrolled FROM pairings ORDER BY seq"
            ).fetchall()
        )
        for seat, certificate, seat_key, revoked, enrolled in rows:
            if revoked is not None:
                self._revoked[certificate] = revoked
            elif certificate not in self._revoked:
                self._by_certificate[certificate] = PairedSeat(
                    seat=seat, certificate=certificate, seat_key=seat_key
                )
                self.enrolled.append(decode(str(enrolled).encode(), Enrolled))

    def who(self, certificate: str | None) -> PairedSeat:
        """Return the seat of this certificate (digest); raise `UnknownSeatError`."""
        if certificate is None:
            raise UnknownSeatError(
                "expected a seat's certificate, none came; pair this terminal from the console"
            )
        if certificate in self._revoked:
            raise UnknownSeatError(
                f"this terminal's certificate was revoked ({self._revoked[certificate]}); "
                "pair it again from the console"
            )
        seat = self._by_certificate.get(certificate)
        if seat is None:
            raise UnknownSeatError(
                "expected a certificate that was paired with this box, got one of this centre "
                f"that was not ({certificate[:16]}); pair this terminal from the console"
            )
        return seat

    def paired(self) -> frozenset[str]:
        """Return the seats that have a machine."""
        return frozenset(seat.seat for seat in self._by_certificate.values())

    def key_of(self, seat: str) -> VerifyKey | None:
        """Return the Ed25519 key of the seat's machine."""
        found = [s for s in self._by_certificate.values() if s.seat == seat]
        return VerifyKey.from_hex(found[-1].seat_key) if found else None

    async def record(self, event: Event) -> None:
        """Make a pairing durable: new certificates, their leaf, and what they replace."""
        if isinstance(event, WrongCode):
            self.wrong_codes += 1
            self.last_wrong = f"{event.seat} ({event.source})"
        if not isinstance(event, SeatPaired):
            return
        enrolled = event.enrolled
        certificate = sha256_hex(bytes(enrolled.tls_certificate))
        signer = x509.load_der_x509_certificate(bytes(enrolled.seat_certificate)).public_key()
        seat_key = VerifyKey(signer).hex  # type: ignore[arg-type] # CentreAuthority issued it
        at, reason = self._now(), "its place was given to another machine"

        def write(connection: records.Connection) -> None:
            for old in event.revoked:
                connection.execute(
                    "UPDATE pairings SET revoked = ? WHERE certificate = ?", (reason, old)
                )
                records.append_leaf(
                    connection,
                    Revoked(at=at, seat=enrolled.seat, certificate=old, reason=reason),
                )
            records.insert(
                connection,
                "pairings",
                seat=enrolled.seat,
                certificate=certificate,
                seat_key=seat_key,
                at=at,
                enrolled=encode(enrolled).decode(),
            )
            records.append_leaf(
                connection,
                Paired(
                    at=at,
                    seat=enrolled.seat,
                    certificate=certificate,
                    seat_key=seat_key,
                    by="pairing",
                ),
            )

        await self._database.write(write)
        for old in event.revoked:
            self._by_certificate.pop(old, None)
            self._revoked[old] = reason
        self._by_certificate[certificate] = PairedSeat(
            seat=enrolled.seat, certificate=certificate, seat_key=seat_key
        )
