"""Whom a desktop believes: the pinned key's own certificate, and addresses that send nothing in the open."""

import base64
import datetime as dt
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from backend.errors import InvalidInput
from backend.sync.first_contact import _pem_of
from backend.sync.trust import check_authority, check_pin, check_url, trusting
from sync_server.edge.tls import make_authority

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


def pin_of(key):
    return base64.urlsafe_b64encode(key.public_key().public_bytes_raw()).rstrip(b"=").decode()


def pem_of(certificate):
    return certificate.public_bytes(Encoding.PEM).decode()


def test_the_pinned_keys_own_certificate_is_believed():
    pem = pem_of(make_authority(KEY))

    assert check_authority(pem, pin_of(KEY)) == pem


def test_another_key_is_not_believed():
    with pytest.raises(InvalidInput, match="not the server"):
        check_authority(pem_of(make_authority(OTHER)), pin_of(KEY))


def test_the_pinned_key_in_a_certificate_that_another_signed_is_not_believed():
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    begin = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    forged = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + dt.timedelta(days=9999))
        .sign(OTHER, None)
    )
    with pytest.raises(InvalidInput, match="not the server"):
        check_authority(pem_of(forged), pin_of(KEY))


@pytest.mark.parametrize("text", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_what_is_no_certificate_is_not_believed(text):
    with pytest.raises(InvalidInput):
        check_authority(text, pin_of(KEY))


def test_only_the_given_certificate_is_trusted_and_only_with_the_newest_tls():
    context = trusting(pem_of(make_authority(KEY)))

    assert len(context.get_ca_certs()) == 1
    assert (context.verify_mode, context.minimum_version) == (ssl.CERT_REQUIRED, ssl.TLSVersion.TLSv1_3)


def test_a_certificate_is_found_in_what_a_server_tells_of_itself():
    pem = pem_of(make_authority(KEY))
    told = b'{"name":"x","certificate":"' + pem.replace("\n", "\\n").encode() + b'"}'

    assert check_authority(_pem_of(told), pin_of(KEY)) == pem
    assert check_authority(_pem_of(pem.encode()), pin_of(KEY)) == pem
    with pytest.raises(InvalidInput):
        _pem_of(b"<html>")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("https://Desk.Example.com:8443/", "https://desk.example.com:8443"),
        ("desk.example.com", "https://desk.example.com"),
        ("http://127.0.0.1:81", "http://127.0.0.1:81"),
        ("https://[::1]:8443", "https://[::1]:8443"),
    ],
)
def test_an_address_is_kept_in_one_form(said, kept):
    assert check_url(said) == kept


@pytest.mark.parametrize(
    "said", ["http://desk.example.com", "https://", "ftp://desk.example.com", "https://ann:x" + "@desk.example.com", "https://a b"]
)
def test_what_is_no_address_or_would_send_passwords_in_the_open_is_refused(said):
    with pytest.raises(InvalidInput):
        check_url(said)


def test_a_pin_that_is_no_key_is_refused():
    assert check_pin(pin_of(KEY)) == pin_of(KEY)
    for wrong in ("short", "!" * 43, pin_of(KEY) + "A"):
        with pytest.raises(InvalidInput):
            check_pin(wrong)
