"""A page that has received nothing yet: what is published while it reconnects must not be lost to it."""

import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chat_page import ChatPage
from processes import kill, wait_for
from server import BuiltIn


@pytest.fixture
def page(tmp_path: Path) -> Iterator[ChatPage]:
    opened = ChatPage(tmp_path / "profile")
    yield opened
    opened.close()


@pytest.fixture
def origin() -> Iterator[str]:
    """A page of another origin than the hub's: an empty one."""

    class Empty(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Empty)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_nothing_is_lost_between_the_first_connection_and_the_first_event(
    built_in: Callable[..., BuiltIn], page: ChatPage, origin: str
) -> None:
    server = built_in(cors_origins=origin)
    page.driver.get(origin)
    page.driver.execute_script(
        """
        window.received = [];
        window.opened = 0;
        const source = new EventSource(arguments[0]);
        source.onopen = () => window.opened++;
        source.onmessage = (event) => window.received.push(event.lastEventId);
        """,
        f"http://{server.address}/.well-known/mercure?topic=/t",
    )
    value = page.driver.execute_script
    wait_for(lambda: value("return window.opened") == 1, "the page's stream")
    kill(server.hub(), 9)
    # The browser waits for some seconds before it reconnects; the hub is back long before.
    missed = server.publish("1")
    wait_for(lambda: value("return window.opened") == 2, "the page's second stream", 30)
    later = server.publish("2")
    wait_for(lambda: value("return window.received") == [missed, later], "both updates, in order", 30)
