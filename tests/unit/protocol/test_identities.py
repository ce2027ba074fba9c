"""What machines are given at their installation, on its way and in a log."""

import pytest

from protocol.codes import CodeError, unlock_code_from
from protocol.errors import MalformedError, WrongCodeError
from protocol.identities import BoxIdentity, open_box_identity, open_office_identity, seal_identity
from protocol.keys import SigningKey
from protocol.sealing import SealingIdentity

CODE = unlock_code_from(b"12345678")
SALT = "00" * 16


def box() -> BoxIdentity:
    return BoxIdentity(
        appliance="main",
        centre="beijing-01",
        box_key=SigningKey.generate().dangerous_seed().hex(),
        log_key=SigningKey.generate().dangerous_seed().hex(),
        age_identity=SealingIdentity.generate().dangerous_text(),
        tls_chain="chain",
        tls_key="SECRET",
        centre_certificate="c",
        centre_key="SECRET",
        root_certificate="r",
    )


def test_an_identity_opens_with_its_code_alone():
    """The code of this machine opens it, as a person types it; another code does not."""
    identity = box()
    sealed = seal_identity(identity, CODE, SALT)
    assert open_box_identity(sealed, f" {CODE.lower()} ") == identity
    with pytest.raises(WrongCodeError):
        open_box_identity(sealed, unlock_code_from(b"87654321"))
    with pytest.raises(CodeError):
        open_box_identity(sealed, CODE[:-1])


def test_a_box_is_no_office():
    """What was made for a box is refused where an office's identity is expected."""
    with pytest.raises(MalformedError):
        open_office_identity(seal_identity(box(), CODE, SALT), CODE)


def test_an_identity_does_not_print():
    """Neither key nor age identity stands in what a log would show."""
    identity = box()
    shown = f"{identity!r} {identity}"
    assert "SECRET" not in shown
    assert identity.box_key not in shown
    assert identity.age_identity not in shown
