"""Who may ask what: hosts, origins, tokens, sizes, and the headers of all answers."""

from __future__ import annotations

import asyncio
import http.client
import socket
import tracemalloc
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from serving import served
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from chorale.studio.lazy_functions import LazyFunctions
from chorale.studio.security import CONTENT_SECURITY_POLICY, Guard
from chorale.studio.server_settings import Settings
from chorale.utils.progress import Progress

TOKEN = "let-me-in"


class FakeFunctions(LazyFunctions):
    """Answers how many bytes came."""

    def warm(self, progress: Progress) -> None:
        pass

    def open_upload(self, data: bytes, name: str) -> Any:
        return {"bytes": len(data)}

    def catalogue(self) -> dict[str, Any]:
        return {}

    def check(self, body: Any) -> Any:
        raise ZeroDivisionError("by zero")


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with served(FakeFunctions()) as client:
        yield client


@pytest.fixture(scope="module")
def guarded() -> Iterator[httpx.Client]:
    with served(FakeFunctions(), host="0.0.0.0", token=TOKEN) as client:
        yield client


def port_of(client: httpx.Client) -> int:
    assert client.base_url.port is not None
    return client.base_url.port


# === Hosts and origins ===


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
def test_names_of_this_machine_are_served(client: httpx.Client, name: str) -> None:
    host = f"{name}:{port_of(client)}"
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example:{}", "localhost.evil.example:{}", "127.0.0.1.evil.example:{}"),
        *("192.168.1.7:{}", "127.0.0.1", "127.0.0.1:1", "0.0.0.0:{}", "localhost:{}0"),
        *("", "[::1", "127.0.0.1:{}@evil.example", "evil.example\t127.0.0.1:{}"),
    ],
)
def test_other_hosts_are_refused(client: httpx.Client, host: str) -> None:
    named = host.format(port_of(client))
    answer = client.get("/", headers={"Host": named})
    if answer.status_code == 400:  # of the library, for what is no header at all
        assert named in ("", "evil.example\t127.0.0.1") or "\t" in named
    else:
        assert answer.status_code == 403
        assert "expected a request for 127.0.0.1" in answer.json()["error"]


def test_two_hosts_and_no_host_are_refused(client: httpx.Client) -> None:
    port = port_of(client)
    for hosts in ([], [f"127.0.0.1:{port}", "evil.example"]):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.putrequest("GET", "/", skip_host=True)
        for host in hosts:
            connection.putheader("Host", host)
        connection.endheaders()
        assert connection.getresponse().status in (400, 403)
        connection.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),  # an editor of scores
        ({"Origin": "http://127.0.0.1:{}"}, 200),
        ({"Origin": "http://127.0.0.1:{}", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "http://localhost:{}"}, 403),  # another origin to browsers
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "https://127.0.0.1:{}"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_only_the_page_and_programs_may_post(
    client: httpx.Client, headers: dict[str, str], status: int
) -> None:
    named = {key: text.format(port_of(client)) for key, text in headers.items()}
    for path in ("/open?name=a.mid", "/jobs/unknown"):
        method = "POST" if "open" in path else "DELETE"
        answer = client.request(method, path, headers=named)
        assert answer.status_code == (
            404 if (method, status) == ("DELETE", 200) else status
        )
        if status == 403:
            assert answer.json() == {
                "error": "expected a request of the studio's own page"
            }


def test_a_page_elsewhere_is_not_allowed_to_ask_first(client: httpx.Client) -> None:
    answer = client.options(
        "/jobs",
        headers={
            "Origin": "https://evil.example",
            "Access-Control-Request-Method": "POST",
        },
    )
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]


# === Headers ===


@pytest.mark.parametrize("path", ["/", "/catalogue", "/nothing", "/jobs/unknown"])
def test_all_answers_have_the_headers(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'none'; ")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cache-control"] == ("no-cache" if path == "/" else "no-store")
    assert "server" not in headers


def test_refusals_have_the_headers_too(client: httpx.Client) -> None:
    answer = client.get("/", headers={"Host": "evil.example"})
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY


def test_an_error_that_nobody_foresaw_is_a_sentence(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.post("/check", json={})
    assert answer.status_code == 500
    message = "POST /check failed, which is a bug of chorale: ZeroDivisionError: "
    assert answer.json() == {"error": f"{message}by zero"}
    assert "Traceback" not in caplog.text
    assert message in caplog.text


@pytest.mark.parametrize(
    ("error", "logged"),
    [
        (ZeroDivisionError("by zero"), "GET /jobs/1/events failed"),
        (ClientDisconnect(), ""),
    ],
)
def test_an_error_after_an_answer_has_begun_is_logged(
    caplog: pytest.LogCaptureFixture, error: Exception, logged: str
) -> None:
    sent: list[Message] = []

    async def stream(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise error

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        **{"type": "http", "method": "GET", "path": "/jobs/1/events"},
        **{"headers": [(b"host", b"127.0.0.1:1685")], "query_string": b""},
    }
    asyncio.run(Guard(stream, Settings())(scope, receive, send))
    assert [message["type"] for message in sent] == ["http.response.start"]
    assert (logged in caplog.text) if logged else not caplog.text


# === Sizes ===


def test_a_body_of_ten_megabytes_is_read(client: httpx.Client) -> None:
    answer = client.post("/open?name=a.mid", content=b"x" * 10_000_000)
    assert answer.json() == {"bytes": 10_000_000}


@pytest.mark.parametrize("is_chunked", [False, True])
@pytest.mark.parametrize("path", ["/open?name=a.mid", "/engrave", "/jobs", "/export"])
def test_a_larger_body_is_refused_in_a_sentence(
    client: httpx.Client, is_chunked: bool, path: str
) -> None:
    chunk = b"x" * 1_000_000
    headers = {} if is_chunked else {"Content-Length": "50000000"}
    tracemalloc.start()
    content = (chunk for _ in range(50))
    answer = client.post(path, content=content, headers=headers)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.status_code == 413
    assert answer.json() == {
        "error": "expected at most 10 MB, got more: choose a smaller file"
    }
    assert peak < 45_000_000  # it is not kept
    assert client.get("/").status_code == 200


def test_who_hangs_up_while_sending_leaves_the_server_well(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    address = ("127.0.0.1", port_of(client))
    for length in (1000, 50_000_000):
        with socket.create_connection(address) as connection:
            head = f"POST /check HTTP/1.1\r\nHost: 127.0.0.1:{address[1]}\r\n"
            head += f"Content-Length: {length}\r\n\r\n"
            connection.sendall(head.encode() + b"x" * 10)
    assert client.get("/").status_code == 200
    assert "Traceback" not in caplog.text


# === The token ===


def test_without_the_token_nothing_is_served(guarded: httpx.Client) -> None:
    for path in ("/", "/page/index.html", "/catalogue", "/?token=", "/?token=wrong"):
        answer = guarded.get(path)
        assert answer.status_code == 401
        assert "expected the token" in answer.json()["error"]
        assert answer.headers["www-authenticate"] == "Bearer"
    for headers in (
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": "Bearer ü".encode("latin-1")},
        {"Cookie": f"another={TOKEN}"},
        {"Cookie": f"chorale-{port_of(guarded)}=wrong"},
        {"Cookie": "; ; ="},
    ):
        assert guarded.get("/", headers=headers).status_code == 401
    assert guarded.get(f"/catalogue?token={TOKEN}").status_code == 401


def test_the_token_opens_the_studio_and_is_kept_in_a_cookie(
    guarded: httpx.Client,
) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert guarded.get("/catalogue", headers=bearer).status_code == 200
    with httpx.Client(base_url=guarded.base_url, trust_env=False) as browser:
        answer = browser.get(f"/?token={TOKEN}")
        assert answer.status_code == 200
        assert 'url=/"' in answer.text
        assert TOKEN not in answer.text
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie and "samesite=strict" in cookie
        assert browser.get("/catalogue").status_code == 200
        assert browser.post("/open?name=a.mid", content=b"abc").json() == {"bytes": 3}


def test_a_server_for_others_takes_addresses_and_its_own_names(
    guarded: httpx.Client,
) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    for host in ("192.168.1.7:1685", "[fe80::1]:80", "localhost:9000", "0.0.0.0:1"):
        answer = guarded.get("/", headers={**bearer, "Host": host})
        assert answer.status_code == 200
    for host in ("evil.example", "192.168.1.7.evil.example:1685"):
        answer = guarded.get("/", headers={**bearer, "Host": host})
        assert answer.status_code == 403


# === What other pages load ===


@pytest.mark.parametrize(
    ("path", "site", "dest", "status"),
    [
        ("/", "none", "document", 200),
        ("/", "cross-site", "document", 200),  # a link in a mail
        ("/", "cross-site", "iframe", 403),
        ("/page/app.js", "same-origin", "script", 200),
        ("/page/app.js", "cross-site", "script", 403),
        ("/catalogue", "same-site", "empty", 403),
        ("/catalogue", "cross-site", "document", 403),
        ("/jobs/unknown/events", "cross-site", "empty", 403),
    ],
)
def test_other_pages_load_nothing(
    client: httpx.Client, path: str, site: str, dest: str, status: int
) -> None:
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Dest": dest}
    assert client.get(path, headers=headers).status_code == status


@pytest.mark.parametrize("name", ["Origin", "Sec-Fetch-Site"])
def test_a_second_header_says_nothing_better(client: httpx.Client, name: str) -> None:
    own = f"http://127.0.0.1:{port_of(client)}"
    good, bad = {"Origin": (own, "https://evil.example")}.get(
        name, ("same-origin", "cross-site")
    )
    for values in ((good, bad), (bad, good)):
        headers = [(name, value) for value in values]
        answer = client.post("/open?name=a.mid", content=b"a", headers=headers)
        assert answer.status_code == 403
