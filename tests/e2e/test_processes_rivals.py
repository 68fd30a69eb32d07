"""Several servers on one machine, and a port that is taken."""

from __future__ import annotations

import socket
import time

import pytest
from processes import find, wait_for
from server import Load, assert_all_received, free_port


def shared(first, second) -> None:
    """Gives the second server the first one's configuration."""
    second.settings = dict(first.settings)
    second.write_ini()


def test_two_masters_share_one_hub(fpm, subscribe):
    first, second = fpm("first"), fpm("second", start=False)
    shared(first, second)
    second.start()
    stream = subscribe(first.address)
    assert second.processes("mercure-super", "mercure-hub") == []
    updates = [server.publish() for server in (first, second, first)]
    stream.wait_for_id(updates[-1])
    assert stream.ids == updates
    first.stop()
    time.sleep(2.5)
    stream.wait_for_id(second.publish())
    assert stream.connections == 1
    second.stop()
    first.wait_until_gone()


def test_two_masters_start_at_the_same_time(fpm, subscribe, folder):
    servers = [fpm("first", start=False), fpm("second", start=False), fpm("third", start=False)]
    for server in servers[1:]:
        shared(servers[0], server)
    for server in servers:
        server.start(listening=False)
    for server in servers:
        wait_for(server.answers, "php-fpm answering")
    stream = subscribe(servers[0].address)
    updates = [server.publish() for server in servers]
    stream.wait_for_id(updates[-1])
    assert len([pid for server in servers for pid in find(server.folder, "mercure-super")]) == 1
    for server in servers:
        server.stop()
    wait_for(lambda: not any(server.leftovers() for server in servers), "nothing left")


def test_the_other_masters_lease_survives_a_takeover(fpm, subscribe):
    first, second = fpm("first"), fpm("second", start=False)
    shared(first, second)
    second.start()
    stream = subscribe(first.address)
    stream.wait_for_id(first.publish())  # so that it knows an id to come back with
    first.change(heartbeat="5s")
    first.reload()
    stream.wait_for_id(second.publish())
    first.stop()
    time.sleep(2.5)
    stream.wait_for_id(second.publish())
    second.stop()
    first.wait_until_gone()


def test_a_master_with_another_configuration_is_refused(fpm, subscribe):
    first, second = fpm("first"), fpm("second", start=False)
    shared(first, second)
    second.change(heartbeat="7s")
    stream = subscribe(first.address)
    processes = (first.supervisor(), first.hub())
    load = Load(first)
    load.wait_for(10)
    second.start()
    error = second.error()
    assert error.startswith("Mercure\\Exception\\HubUnavailableException: ")
    assert "configuration" in error and "mercure.publish_socket" in error
    second.reload()
    assert "configuration" in second.error()
    second.stop()
    load.wait_for(10)
    assert_all_received(stream, load.stop())
    assert load.errors == []
    assert (first.supervisor(), first.hub(), stream.connections) == (*processes, 1)


@pytest.mark.parametrize("daemonize", [True, False], ids=["daemonize", "nodaemonize"])
def test_the_http_port_is_taken(fpm, daemonize):
    server = fpm(start=False, daemonize=daemonize)
    server.change(listen=f"unix:{server.run}/http.sock {server.address}")
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", server.port))
        taken.listen()
        server.start()
        error = server.error()
        assert error.startswith("Mercure\\Exception\\HubUnavailableException: ")
        assert f"127.0.0.1:{server.port}" in error and "Address already in use" in error and "mercure.listen" in error
        assert server.leftovers() == []
        logs = [server.log, server.folder / "out.log", server.hub_log]
        lines = [line for log in logs if log.exists() for line in log.read_text().splitlines() if str(server.port) in line]
        assert len({line.partition("mercure: ")[2] for line in lines}) == 1, lines
        assert all("Address already in use" in line for line in lines)
    server.reload()
    assert server.publish()


def test_two_servers_with_sockets_and_ports_of_their_own(fpm, subscribe):
    first, second = fpm("first"), fpm("second", listen=f"127.0.0.1:{free_port()}")
    streams = [subscribe(server.address) for server in (first, second)]
    updates = [server.publish() for server in (first, second)]
    for stream, update in zip(streams, updates):
        stream.wait_for_id(update)
        assert stream.ids == [update]
