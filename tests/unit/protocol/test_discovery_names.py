"""Names and addresses of the local network are read strictly."""

import pytest

from protocol.discovery import (
    Address,
    AddressError,
    is_newcomer,
    newcomer_name,
    qr_text,
    read_address,
)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.1:8443", Address("10.0.0.1", 8443)),
        (" box.hall:443\n", Address("box.hall", 443)),
        ("[fe80::1]:8443", Address("fe80::1", 8443)),
        ("examhall://10.0.0.1:8443", Address("10.0.0.1", 8443)),
        ("examhall://10.0.0.1:8443/", Address("10.0.0.1", 8443)),
    ],
)
def test_an_address_is_read_as_typed_or_scanned(text: str, address: Address) -> None:
    """Host and port by hand, in brackets for IPv6, or from the QR code."""
    assert read_address(text) == address


@pytest.mark.parametrize(
    "text",
    ["", "10.0.0.1", "10.0.0.1:", ":8443", "h:0", "h:65536", "h:8443x", "http://h:1", "h h:1"],
)
def test_what_is_no_address_says_so(text: str) -> None:
    """The message shows what an address looks like and what came."""
    with pytest.raises(AddressError, match="expected host:port, such as"):
        read_address(text)


@pytest.mark.parametrize("address", [Address("10.0.0.1", 8443), Address("fe80::1", 1)])
def test_the_qr_code_leads_back(address: Address) -> None:
    """What the code says is the address that it was made of."""
    assert read_address(qr_text(address)) == address
    assert read_address(str(address)) == address


def test_newcomers_are_known_by_their_names() -> None:
    """A drawn name is one; a seat's is none."""
    assert newcomer_name(0x1F) == "new-0000001f"
    assert is_newcomer(newcomer_name(0x1F))
    assert not is_newcomer("new-seat")
