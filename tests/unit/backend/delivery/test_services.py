"""What each known service is sent: plain text that calls nobody, to its own server, with certificates checked."""

import io
import json
from urllib.parse import parse_qs, unquote_plus

import pytest
import requests

from backend.delivery.carrier import Carrier
from backend.delivery.message import Message
from tests.unit.backend.delivery.test_addresses import GOOD

MESSAGE = Message(
    "Alert: <b>AAPL</b> 180", "First line.\nApple @everyone <!channel> rose & *fell* [x](http://a.b)", {"alert_id": "a1"}
)
HOSTS = {
    "tgram": "api.telegram.org",
    "discord": "discord.com",
    "slack": "hooks.slack.com",
    "pover": "api.pushover.net",
    "ntfy": "ntfy.sh",
    "pbul": "api.pushbullet.com",
    "https": ("discord.com", "hooks.slack.com"),
}


class Raw(io.BytesIO):
    """An answer's bytes as urllib3 gives them."""

    def read1(self, n=-1, *, decode_content=False):
        return super().read1(n)


@pytest.fixture
def sent(monkeypatch):
    """Requests that would have left this computer, each answered with success."""
    kept = []

    def send(_adapter, request, **options):
        kept.append((request, options))
        response = requests.Response()
        response.status_code, response.request, response.url = 200, request, request.url
        response.raw = Raw(b"ok" if "slack" in request.url else b'{"ok": true}')
        return response

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    return kept


def text_of(request):
    """What a request says, whatever its form."""
    body = request.body if isinstance(request.body, str) else request.body.decode()
    try:
        return json.dumps(json.loads(body), ensure_ascii=False)
    except ValueError:
        return unquote_plus(body)


@pytest.mark.parametrize("address", [one for one in GOOD if not one.startswith("mailto")])
async def test_a_service_is_sent_plain_text_over_checked_connections(clock, sent, address):
    assert (await Carrier(clock).send(address, MESSAGE)).is_sent
    scheme = address.partition("://")[0]
    for request, options in sent:
        host = request.url.split("/")[2]
        assert scheme not in HOSTS or host in HOSTS[scheme]
        assert options["verify"]  # True, or the bundle of certificates that the environment names
        assert 0 < sum(options["timeout"]) <= 60
        text = text_of(request)
        assert "rose" in text
        assert "@everyone" not in text or scheme not in ("discord", "slack", "https")
        assert "<!channel>" not in text or scheme not in ("discord", "slack", "https")


async def test_markup_in_a_message_is_text_where_a_service_reads_markup(clock, sent):
    assert (await Carrier(clock).send("tgram://123456789:abcdefg_hijklmnop/12345/", MESSAGE)).is_sent
    said = json.loads(sent[-1][0].body)
    assert said.get("parse_mode", "").lower() == "html"
    assert "&lt;!channel&gt; rose &amp; *fell*" in said["text"]
    assert "First line.\r\nApple" in said["text"]
    assert "&lt;b&gt;AAPL&lt;/b&gt;" in said["text"]


async def test_pushover_is_told_that_it_is_text(clock, sent):
    address = next(one for one in GOOD if one.startswith("pover"))
    assert (await Carrier(clock).send(address, MESSAGE)).is_sent
    body = sent[-1][0].body
    said = parse_qs(body if isinstance(body, str) else body.decode())
    assert said.get("html", ["0"]) == ["0"]
    assert said["message"] == [MESSAGE.body]
