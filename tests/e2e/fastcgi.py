"""A FastCGI client just large enough to ask php-fpm for a page."""

from __future__ import annotations

import socket
import struct
import urllib.parse
from pathlib import Path


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack(">BBHHBB", 1, kind, 1, len(body), 0, 0) + body


def _pair(name: str, value: str) -> bytes:
    parts = (name.encode(), value.encode())
    return b"".join(struct.pack(">I", len(part) | 1 << 31) for part in parts) + b"".join(parts)


def _read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise ConnectionError("php-fpm closed the connection before it answered")
        data += more
    return data


def request(listen: Path, script: str, query: dict[str, str], timeout: float = 15) -> str:
    """The body of the page, or an OSError when php-fpm did not answer it to the end."""
    parameters = {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "REQUEST_METHOD": "GET",
        "SCRIPT_FILENAME": script,
        "SCRIPT_NAME": script,
        "QUERY_STRING": urllib.parse.urlencode(query),
    }
    encoded = b"".join(_pair(name, value) for name, value in parameters.items())
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout)
        connection.connect(str(listen))
        begin = _record(1, struct.pack(">HB5x", 1, 0))
        connection.sendall(begin + _record(4, encoded) + _record(4, b"") + _record(5, b""))
        output = b""
        while True:
            _, kind, _, length, padding, _ = struct.unpack(">BBHHBB", _read(connection, 8))
            body = _read(connection, length + padding)[:length]
            if kind == 6:
                output += body
            elif kind == 3:
                return output.partition(b"\r\n\r\n")[2].decode()
