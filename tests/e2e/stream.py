"""A subscriber: reads server-sent events in a thread and reconnects with Last-Event-ID, as a browser does."""

from __future__ import annotations

import http.client
import socket
import threading
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from processes import wait_for

PATH = "/.well-known/mercure"


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


def connection(address: str) -> http.client.HTTPConnection:
    """`host:port` or `unix:/path`, as in mercure.listen."""
    if address.startswith("unix:"):
        return UnixConnection(Path(address.removeprefix("unix:")))
    return http.client.HTTPConnection(address.replace("0.0.0.0", "127.0.0.1"), timeout=30)


@dataclass
class Event:
    id: str = ""
    data: list[str] = field(default_factory=list)


class Stream:
    """Events are kept in `ids` in the order in which they came; `connections` counts the answers with status 200."""

    def __init__(self, address: str, topic: str, last_event_id: str = "") -> None:
        self.address = address
        self.topic = topic
        self.last_event_id = last_event_id
        self.ids: list[str] = []
        self.data: list[str] = []
        self.connections = 0
        self._stopped = threading.Event()
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        wait_for(lambda: self.connections, f"a stream from {address}")

    def close(self) -> None:
        self._stopped.set()
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self._thread.join(10)

    def wait(self, condition: Callable[[list[str]], bool], what: str, timeout: float = 30) -> None:
        wait_for(lambda: condition(self.ids), what, timeout)

    def wait_for_id(self, update: str, timeout: float = 30) -> None:
        self.wait(lambda ids: update in ids[-100:] or update in ids, f"update {update}", timeout)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._read()
            except (OSError, http.client.HTTPException):
                pass
            self._stopped.wait(0.02)

    def _read(self) -> None:
        client = connection(self.address)
        headers = {"Accept": "text/event-stream"}
        if self.last_event_id:
            headers["Last-Event-ID"] = self.last_event_id
        try:
            client.request("GET", f"{PATH}?{urllib.parse.urlencode({'topic': self.topic})}", headers=headers)
            self._socket = client.sock
            response = client.getresponse()
            if response.status != 200:
                time.sleep(0.05)
                return
            self.connections += 1
            event = Event()
            while not self._stopped.is_set():
                line = response.readline()
                if not line.endswith(b"\n"):
                    return
                event = self._line(line.decode().rstrip("\n"), event)
        finally:
            client.close()

    def _line(self, line: str, event: Event) -> Event:
        if line == "":
            if event.id:
                self.last_event_id = event.id
                self.data.append("\n".join(event.data))
                self.ids.append(event.id)
            return Event()
        name, _, value = line.partition(": ")
        if name == "id":
            event.id = value
        elif name == "data":
            event.data.append(value)
        return event
