"""Addresses of channels made from fields, read back by what delivery reads them with."""

import asyncio

import pytest

from backend.delivery.schemes import check_address
from backend.errors import InvalidInput
from trii_desktop.alerts.addresses import FORMS, address_of, form_of

FILLED = {
    "E-mail": {
        "server": "smtp.example.com",
        "port": "587",
        "user": "me@example.com",
        "password": "p@ss/w:rd?",
        "from": "me@example.com",
        "to": "you@example.com",
    },
    "Telegram": {"token": "123456789:AAabcdefghijklmnopqrstuvwxyz012345678", "chat": "987654321"},
    "Discord": {"url": "https://discord.com/api/webhooks/1234567890/abcdefghijklmnop"},
    "Slack": {"url": "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"},
    "ntfy": {"server": "ntfy.sh", "topic": "a-topic"},
    "Pushover": {"user": "u" * 30, "token": "a" * 30},
    "Webhook": {"url": "https://example.com:8443/hook/1?x=y"},
    "Other": {"address": "gotifys://example.com/Aabcdefghijklmn"},
}


def by_title(title):
    return next(form for form in FORMS if form.title == title)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.title)
def test_every_kind_makes_an_address_that_delivery_knows(form):
    address = address_of(form, FILLED[form.title])
    service = check_address(address)
    assert form is FORMS[-1] or form_of(address.partition("://")[0]) is form or service.title == form.title


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.title)
def test_a_field_that_is_missing_is_named(form):
    for field in form.fields:
        if field.is_needed:
            with pytest.raises(InvalidInput) as refused:
                address_of(form, {**FILLED[form.title], field.name: "  "})
            assert refused.value.code == f"channel.{field.name}"
            assert field.title in str(refused.value)


def test_letters_that_mean_something_in_addresses_are_written_so_that_they_do_not():
    address = address_of(by_title("E-mail"), FILLED["E-mail"])
    assert address.startswith("mailtos://me%40example.com" + ":" + "p%40ss%2Fw%3Ard%3F" + "@smtp.example.com:587?")


@pytest.mark.parametrize("server", ["smtp.example.com/../x", "a b", "evil@host", "host?x"])
def test_a_server_is_a_name_and_nothing_else(server):
    with pytest.raises(InvalidInput) as refused:
        address_of(by_title("E-mail"), {**FILLED["E-mail"], "server": server})
    assert refused.value.code == "channel.server"


@pytest.mark.parametrize("port", ["0", "65536", "smtp", "-1"])
def test_a_port_is_a_port(port):
    with pytest.raises(InvalidInput) as refused:
        address_of(by_title("E-mail"), {**FILLED["E-mail"], "port": port})
    assert refused.value.code == "channel.port"


def test_a_webhook_of_one_service_is_not_taken_for_another():
    with pytest.raises(InvalidInput) as refused:
        address_of(by_title("Slack"), FILLED["Discord"])
    assert "hooks.slack.com" in str(refused.value)


def test_port_465_speaks_tls_from_the_start():
    assert address_of(by_title("E-mail"), {**FILLED["E-mail"], "port": "465"}).endswith("&mode=ssl")


def test_ntfy_of_a_server_without_tls_says_so():
    values = {"server": "http://localhost:8080/", "topic": "t", "token": "tk_x"}
    assert address_of(by_title("ntfy"), values) == "ntfy://localhost:8080/t?token=tk_x"


def test_a_scheme_without_a_form_of_its_own_is_an_address():
    assert form_of("gotifys").title == "Other"
    assert form_of("mailto").title == "E-mail"


@pytest.mark.parametrize("form", FORMS[:-1], ids=lambda form: form.title)
def test_apprise_takes_what_the_fields_make(form):
    from backend.clock import SystemClock
    from backend.delivery.carrier import Carrier

    read = asyncio.run(Carrier(SystemClock()).parse(address_of(form, FILLED[form.title])))
    for field in form.fields:
        if field.is_secret and form.title not in ("Webhook", "Discord", "Slack"):
            assert FILLED[form.title].get(field.name, "") not in read.masked or not FILLED[form.title].get(field.name)


def test_what_a_webhook_is_asked_reaches_its_server():
    values = {"url": "https://example.com/hook?key=a%26b&flag="}
    assert address_of(by_title("Webhook"), values) == "jsons://example.com/hook?-key=a%26b&-flag="
