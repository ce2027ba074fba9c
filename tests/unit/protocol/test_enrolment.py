"""What a seat is issued, and what it refuses; checked with OpenSSL too."""

import subprocess
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding

from protocol.enrolment import CentreAuthority, Issued, carries, check_issued, make_request
from protocol.errors import MalformedError, UntrustedError
from tests.authority import SITTING_DAY, make_authority

TLS = ec.generate_private_key(ec.SECP256R1())
SIGNER = ed25519.Ed25519PrivateKey.generate()


def issue(authority: CentreAuthority, seat: str = "a-07") -> Issued:
    return authority.issue(
        seat=seat, tls_request=make_request(TLS, seat), seat_request=make_request(SIGNER, seat)
    )


def check(issued: Issued, seat: str = "a-07") -> None:
    check_issued(issued, seat=seat, tls=TLS.public_key(), signer=SIGNER.public_key())


def openssl_verify(folder: Path, issued: Issued, leaf: bytes, *more: str) -> str:
    def pem(name: str, *ders: bytes) -> str:
        path = folder / name
        path.write_bytes(
            b"".join(x509.load_der_x509_certificate(d).public_bytes(Encoding.PEM) for d in ders)
        )
        return str(path)

    ca, root = issued.authority
    argv = ["openssl", "verify", "-x509_strict", "-CAfile", pem("root", root)]
    argv += ["-untrusted", pem("ca", ca), *more, pem("leaf", leaf)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_openssl_accepts_both_certificates(tmp_path: Path) -> None:
    """OpenSSL builds the chain on the sitting's day, name constraint included."""
    issued = issue(make_authority())
    day = ["-attime", str(int(SITTING_DAY.timestamp()))]
    client = ["-purpose", "sslclient", *day]
    assert openssl_verify(tmp_path, issued, issued.tls_certificate, *client).endswith("OK\n")
    assert openssl_verify(tmp_path, issued, issued.seat_certificate, *day).endswith("OK\n")


def test_openssl_refuses_a_name_of_another_centre(tmp_path: Path) -> None:
    """A CA that issues outside its centre's names makes nothing that anyone accepts."""
    straying = make_authority("c017")
    straying.centre = "c018"  # type: ignore[misc]
    issued = issue(straying)
    said = openssl_verify(tmp_path, issued, issued.tls_certificate, "-no_check_time")
    assert "permitted subtree violation" in said


def test_the_certificates_say_what_they_must() -> None:
    """Name, host, key kinds; as long valid as the CA; no CA themselves."""
    authority = make_authority()
    issued = issue(authority)
    check(issued)
    tls = x509.load_der_x509_certificate(issued.tls_certificate)
    assert tls.subject.rfc4514_string() == "CN=a-07"
    assert tls.not_valid_before_utc == authority.chain[0].not_valid_before_utc
    assert tls.not_valid_after_utc == authority.chain[0].not_valid_after_utc
    assert not tls.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    names = tls.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["a-07.c017.examhall.internal"]


def test_a_request_says_nothing_but_name_and_key() -> None:
    """Extensions asked for in a request, such as being a CA, are not issued."""
    greedy = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a-07")]))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(TLS, x509.load_der_x509_csr(make_request(TLS, "a-07")).signature_hash_algorithm)
    )
    issued = make_authority().issue(
        seat="a-07",
        tls_request=greedy.public_bytes(Encoding.DER),
        seat_request=make_request(SIGNER, "a-07"),
    )
    tls = x509.load_der_x509_certificate(issued.tls_certificate)
    assert not tls.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


@pytest.mark.parametrize(
    ("tls_request", "says"),
    [
        (make_request(TLS, "a-08"), "expected the name of seat 'a-07'; got 'a-08'"),
        (make_request(SIGNER, "a-07"), "expected a key of kind P-256.*got Ed25519"),
        (
            make_request(ec.generate_private_key(ec.SECP384R1()), "a-07"),
            "expected a key of kind P-256",
        ),
        (b"not DER", "expected X.509 in DER"),
        (make_request(TLS, "a-07")[:-1] + b"\x00", "signature valid: False|expected X.509"),
    ],
    ids=["other seat", "other kind", "other curve", "no DER", "broken signature"],
)
def test_a_bad_request_is_refused(tls_request: bytes, says: str) -> None:
    """A request of another seat, another kind, or not signed by its key gets nothing."""
    with pytest.raises(MalformedError, match=says):
        make_authority().issue(
            seat="a-07", tls_request=tls_request, seat_request=make_request(SIGNER, "a-07")
        )


def test_a_seat_refuses_what_is_not_its_own() -> None:
    """Certificates of another seat, another key, another CA or another host are refused."""
    authority = make_authority()
    issued, alien = issue(authority), issue(make_authority())
    with pytest.raises(UntrustedError, match="expected certificates for seat a-08"):
        check(issued, seat="a-08")
    with pytest.raises(UntrustedError, match="of another key"):
        check(msgspec.structs.replace(issued, tls_certificate=issued.seat_certificate))
    with pytest.raises(UntrustedError, match="to be issued by"):
        check(msgspec.structs.replace(issued, authority=alien.authority))
    with pytest.raises(UntrustedError, match="to be issued by"):
        check(msgspec.structs.replace(issued, authority=(issued.authority[0], alien.authority[1])))
    with pytest.raises(UntrustedError, match="expected the host name a-07"):
        check(msgspec.structs.replace(issued, centre="c018"))
    with pytest.raises(MalformedError, match="bytes that are not"):
        check(msgspec.structs.replace(issued, seat_certificate=b"x"))


def test_an_authority_without_its_key_is_refused() -> None:
    """A CA certificate beside another CA's private key is noticed at the start."""
    one, other = make_authority(), make_authority()
    with pytest.raises(UntrustedError, match="expected the CA certificate of this private key"):
        CentreAuthority(centre="c017", key=one._key, chain=other.chain)


def test_a_machine_is_known_by_its_keys() -> None:
    """A certificate carries the key of its request, and no other."""
    issued = issue(make_authority())
    assert carries(issued.tls_certificate, make_request(TLS, "a-07"))
    assert not carries(issued.tls_certificate, make_request(SIGNER, "a-07"))
