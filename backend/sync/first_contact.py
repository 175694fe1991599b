"""The first look at a server: fetch its certificate from it, and believe it only where it is the pinned key's own."""

from backend.errors import NotFound
from backend.sync.api import Api
from backend.sync.trust import check_authority, doubting, other_server

PATH = "/v1/identity"


async def fetch_authority(url: str, pin: str) -> str:
    """The server's own certificate as PEM, proved by ``pin``; empty where there is no pin and the system's trust holds.

    Raises InvalidInput where somebody else answers, Unavailable where nobody does.
    """
    if not pin or url.startswith("http:"):
        return ""
    api = Api(url, trust=doubting())
    try:
        answer = await api.request("GET", PATH)
    except NotFound as error:
        raise other_server() from error
    finally:
        await api.close()
    return check_authority(_pem_of(answer.content), pin)


def _pem_of(content: bytes) -> str:
    """The certificate in an answer, which is PEM or JSON around it."""
    text = content[:20_000].decode("ascii", "replace").replace("\\n", "\n")
    begin, end = text.find("-----BEGIN CERTIFICATE-----"), text.find("-----END CERTIFICATE-----")
    if begin < 0 or end < begin:
        raise other_server()
    return text[begin : end + len("-----END CERTIFICATE-----")] + "\n"
