"""A hub that has run out of file descriptors."""

from __future__ import annotations

import socket
import time

from processes import cpu_seconds, wait_for


def test_descriptors_run_out(fpm, subscribe):
    server = fpm(wrapper=("prlimit", "--nofile=128:128"))
    stream = subscribe(server.address)
    hub = server.hub()
    crowd = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(300)]
    try:
        for connection in crowd:
            connection.sendall(b"GET /.well-known/mercure?topic=/other HTTP/1.1\r\nHost: h\r\n\r\n")
        time.sleep(0.5)
        before = cpu_seconds(hub)
        updates = []
        for _ in range(20):
            updates.append(server.publish())
            time.sleep(0.1)
        updates.append(server.publish(size="1000000"))
        stream.wait_for_id(updates[-1])
        assert stream.ids == updates
        # Two seconds of trying to accept without a pause would be two seconds of processor time.
        assert cpu_seconds(hub) - before < 1
    finally:
        for connection in crowd:
            connection.close()
    other = subscribe(server.address)
    update = server.publish()
    other.wait_for_id(update)
    stream.wait_for_id(update)
    assert (stream.connections, server.hub()) == (1, hub)
    wait_for(lambda: server.complaints() == [], "no complaint of php-fpm's", 1)
