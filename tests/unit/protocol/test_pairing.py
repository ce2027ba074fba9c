"""Two sides with the same code agree; any difference breaks the proof."""

import hashlib
import hmac

import msgspec
import pytest

from protocol.errors import MalformedError
from protocol.pairing import (
    CodeFormatError,
    ConfirmationError,
    Done,
    Finish,
    SeatSide,
    SharedKeys,
    Start,
    Transcript,
    answer,
    code_from,
    read_code,
)

CODE = "123 456 789"
CERTIFICATE = hashlib.sha256(b"the box's certificate").digest()
OTHER_CERTIFICATE = hashlib.sha256(b"a relay's certificate").digest()


def both_keys(
    *,
    seat_code: str = CODE,
    box_code: str = CODE,
    seat_sees: bytes = CERTIFICATE,
    seat: str = "a-01",
    seat_at_box: str = "a-01",
) -> tuple[SharedKeys, SharedKeys]:
    side = SeatSide(seat=seat, code=seat_code)
    start = Start(seat=seat_at_box, share=side.share)
    share, box = answer(start=start, code=box_code, server_digest=CERTIFICATE)
    return side.finish(share, seat_sees), box


def finish_by(keys: SharedKeys) -> Finish:
    return Finish(
        attempt="0" * 32,
        tls_request=b"tls",
        seat_request=b"signer",
        confirmation=keys.seat_confirmation(b"tls", b"signer"),
    )


def test_the_same_code_proves_itself_both_ways() -> None:
    """With one code and one certificate each side accepts the other's proof."""
    seat, box = both_keys()
    finish = finish_by(seat)
    box.check_seat(finish)
    done = Done(issued=b"issued", confirmation=box.box_confirmation(b"tls", b"signer", b"issued"))
    assert seat.check_box(finish, done) == b"issued"


@pytest.mark.parametrize(
    "difference",
    [
        {"box_code": "123 456 780"},
        {"seat_sees": OTHER_CERTIFICATE},
        {"seat_at_box": "a-02"},
    ],
    ids=["code", "certificate", "seat"],
)
def test_any_difference_breaks_both_proofs(difference: dict[str, object]) -> None:
    """Another code, certificate or seat: neither side accepts the other."""
    seat, box = both_keys(**difference)  # type: ignore[arg-type]
    finish = finish_by(seat)
    with pytest.raises(ConfirmationError, match="digits were mistyped, or somebody stands"):
        box.check_seat(finish)
    done = Done(issued=b"issued", confirmation=box.box_confirmation(b"tls", b"signer", b"issued"))
    with pytest.raises(ConfirmationError):
        seat.check_box(finish, done)


@pytest.mark.parametrize("field", ["tls_request", "seat_request"])
def test_a_swapped_request_breaks_the_seats_proof(field: str) -> None:
    """Who swaps a certificate request for their own in transit is refused."""
    seat, box = both_keys()
    with pytest.raises(ConfirmationError):
        box.check_seat(msgspec.structs.replace(finish_by(seat), **{field: b"mine"}))


def test_altered_certificates_break_the_boxs_proof() -> None:
    """Issued bytes that were altered on the way are not read."""
    seat, box = both_keys()
    finish = finish_by(seat)
    proof = box.box_confirmation(b"tls", b"signer", b"issued")
    with pytest.raises(ConfirmationError, match="expected the appliance to prove"):
        seat.check_box(finish, Done(issued=b"Issued", confirmation=proof))


def test_the_two_proofs_cannot_stand_for_each_other() -> None:
    """A box that sends the seat's own proof back has proved nothing."""
    seat, _box = both_keys()
    finish = finish_by(seat)
    with pytest.raises(ConfirmationError):
        seat.check_box(finish, Done(issued=b"", confirmation=finish.confirmation))


@pytest.mark.parametrize(
    "share",
    [b"A" + bytes(32), b"A" + b"\xff" * 32, b"A\x01" + bytes(31), b"B" + bytes(32), b"S" * 33],
    ids=["no point", "out of range", "neutral element", "own side", "no side"],
)
def test_a_share_that_is_none_is_refused(share: bytes) -> None:
    """Points outside the group, the neutral one, and the wrong side's are malformed."""
    with pytest.raises(MalformedError, match="expected a SPAKE2 share"):
        answer(start=Start(seat="a-01", share=share), code=CODE, server_digest=CERTIFICATE)


def test_a_reflected_share_is_refused() -> None:
    """A box that sends the seat's share back, even relabelled, is refused."""
    side = SeatSide(seat="a-01", code=CODE)
    with pytest.raises(MalformedError):
        side.finish(b"B" + side.share[1:], CERTIFICATE)


@pytest.mark.parametrize(
    "typed", ["123456789", "123-456-789", " 123 456\t789 ", "１２３４５６７８９"]
)
def test_a_code_is_read_as_people_type_it(typed: str) -> None:
    """Blanks, hyphens and full-width digits are no mistakes."""
    assert read_code(typed) == CODE


@pytest.mark.parametrize("typed", ["", "12345678", "1234567890", "12345678x", "²²²²²²²²"])
def test_what_is_not_nine_digits_says_so(typed: str) -> None:
    """Nothing is sent for a code that cannot be one."""
    with pytest.raises(CodeFormatError, match="expected 9 digits; got"):
        read_code(typed)


def test_keys_do_not_print() -> None:
    """Neither side's keys can reach a log by their repr."""
    seat, box = both_keys()
    assert repr(seat) == repr(box) == "SharedKeys(hidden)"


def test_small_numbers_keep_their_zeros() -> None:
    """A code has nine digits whatever its number is."""
    assert code_from(7) == "000 000 007"


def test_the_proofs_are_what_the_documents_say() -> None:
    """HKDF and HMAC done by hand from RFC 5869 and the module's words give the same proof."""
    seat_share, box_share, secret = b"A" + bytes(32), b"B" + bytes(32), b"k" * 32
    transcript = Transcript(
        seat="a-01", seat_share=seat_share, box_share=box_share, server_digest=CERTIFICATE
    )
    parts = [b"examhall pairing v1", b"a-01", seat_share, box_share, CERTIFICATE]
    framed = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    info = b"examhall pairing v1 confirmation" + hashlib.sha256(framed).digest()
    extracted = hmac.digest(bytes(32), secret, "sha256")
    first = hmac.digest(extracted, info + b"\x01", "sha256")
    second = hmac.digest(extracted, first + info + b"\x02", "sha256")
    tls, signer, issued = (hashlib.sha256(each).digest() for each in (b"t", b"s", b"i"))
    keys = SharedKeys(secret, transcript)
    assert keys.seat_confirmation(b"t", b"s") == hmac.digest(
        first, b"seat" + tls + signer, "sha256"
    )
    by_hand = hmac.digest(second, b"box" + tls + signer + issued, "sha256")
    assert keys.box_confirmation(b"t", b"s", b"i") == by_hand
