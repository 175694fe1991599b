"""Only listed services are spoken to, with listed options; addresses are masked, and never repeated in words."""

import logging
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.delivery.addresses import parse_address
from backend.delivery.schemes import BY_SCHEME, SERVICES, check_address
from backend.errors import InvalidInput

PASSWORD = "p4ssw0rd"
TOPIC = "my-secret-topic"
GOOD = {
    f"mailtos://ann:{PASSWORD}@gmail.com?to=bob@example.org": "mailtos://****@smtp.gmail.com?to=bob@example.org",
    f"json://ann:{PASSWORD}@10.0.0.7:8080/s3cr3t?+X-Api=t0kent0ken": "json://10.0.0.7:8080/****",
    "jsons://hooks.example.org/s3cr3t": "jsons://hooks.example.org/****",
    "xmls://hooks.example.org/s3cr3t": "xmls://hooks.example.org/****",
    "forms://hooks.example.org/s3cr3t?:room=t0kent0ken": "forms://hooks.example.org/****",
    "tgram://123456789:abcdefg_hijklmnop/12345/": "tgram://****",
    "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js": "discord://****",
    "https://discord.com/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js": "discord://****",
    "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ": "slack://****",
    "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ": "slack://****",
    "pover://uuuuuuuuuuuuuuuuuuuuuuuuuuuuuu@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": "pover://****",
    f"ntfy://{TOPIC}": "ntfy://****",
    f"ntfys://ntfy.example.org/{TOPIC}": "ntfys://ntfy.example.org/****",
    "gotifys://push.example.org/t0kent0ken": "gotifys://push.example.org/****",
    "pbul://o.gn5kj6nfhv736I7jC3cj3QLRiyhgl98b": "pbul://****",
}
BAD = [
    "syslog://",
    "dbus://",
    "windows://",
    "macosx://",
    "gnome://",
    "apprise://host/token",
    "file:///etc/passwd",
    "http://example.org/hook",
    "https://example.org/hook",
    "https://discord.com.evil.example/api/webhooks/1/a",
    "json://",
    "jsons://host/\x00",
    "json://host name/",
    "mailto://",
    "",
    "x" * 3_000,
    "json://host/?verify=no",
    "json://host/?template=/etc/passwd",
    "json://host/?redirect=yes&rto=900",
    "json://host/?retry=99",
    "json://host/?store=/tmp",
    "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js?template=/etc/passwd",
    f"mailtos://ann:{PASSWORD}@gmail.com?pgp=yes&pgpkey=/root/.ssh/id_rsa",
    f"ntfys://ntfy.example.org/{TOPIC}?attach=/etc/passwd",
    "pover://uuuuuuuuuuuuuuuuuuuuuuuuuuuuuu@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa?key=/etc/passwd",
    "ntfys://ntfy.example.org/topic?-params=1",
]


@pytest.mark.parametrize(("address", "masked"), GOOD.items())
def test_a_good_address_is_read_and_masked(address, masked):
    found = parse_address(address)
    assert found.masked == masked
    shown = f"{found!r} {found.masked} {found.notes}"
    for secret in (PASSWORD, "s3cr3t", "t0kent0ken", "hijklmnop", "JHMHI8q", "TIiajkd", "uuuuuu", "aaaaaa", TOPIC, "gn5kj6"):
        assert secret not in shown
        assert secret not in found.hide(f"the server said: {address}")


@pytest.mark.parametrize("address", BAD)
def test_what_is_not_listed_is_refused_in_words_that_do_not_repeat_it(address):
    with pytest.raises(InvalidInput) as told:
        parse_address(address)
    assert "/etc/passwd" not in str(told.value)
    assert "JHMHI8q" not in str(told.value)


def test_one_s_own_server_and_plain_text_are_said():
    own = parse_address(f"json://ann:{PASSWORD}@192.168.1.20/hook")
    assert own.notes == (
        "192.168.1.20 is a machine of your own network.",
        "What is sent and its password are not encrypted on the way.",
    )
    assert parse_address("jsons://hooks.example.org/hook").notes == ()
    assert parse_address("jsons://nas.local/hook").notes == ("nas.local is a machine of your own network.",)


def test_checks_of_certificates_cannot_be_turned_off_and_redirects_not_on():
    for address in GOOD:
        plugin = parse_address(address).plugin
        assert plugin.verify_certificate
        assert not plugin.redirects


@given(st.one_of(st.text(max_size=60), st.from_regex(r"[a-z]{1,12}://[ -~]{0,40}", fullmatch=True)))
def test_whatever_the_text_it_names_a_listed_service_or_is_refused(text):
    try:
        service = check_address(text)
    except InvalidInput:
        return
    assert service in SERVICES
    assert text.lower().split("://")[0] in (*BY_SCHEME, "https")


@given(scheme=st.sampled_from(sorted(BY_SCHEME)), rest=st.from_regex(r"[!-~]{0,60}", fullmatch=True))
def test_whatever_follows_the_scheme_no_file_no_check_and_no_other_service_comes_of_it(scheme, rest):
    try:
        found = parse_address(f"{scheme}://{rest}")
    except InvalidInput:
        return
    assert type(found.plugin).__name__ == found.service.plugin
    assert found.plugin.verify_certificate
    assert not getattr(found.plugin, "template", None)
    assert not getattr(found.plugin, "attach", None)


def test_only_modules_of_listed_services_are_loaded_and_their_loggers_are_silent():
    for address in GOOD:
        parse_address(address)
    loaded = {name for name in sys.modules if name.startswith("apprise.plugins.")}
    for name in ("syslog", "dbus", "windows", "macosx", "gnome", "rsyslog"):
        assert f"apprise.plugins.{name}" not in loaded
    assert not logging.getLogger("apprise").isEnabledFor(logging.CRITICAL)
    assert not logging.getLogger("urllib3.connectionpool").isEnabledFor(logging.CRITICAL)
