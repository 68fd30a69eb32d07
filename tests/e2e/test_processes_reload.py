"""Reloads (SIGUSR2), worker recycling and changed configurations."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import time

import pytest
from processes import wait_for, zombies
from server import Load, assert_all_received, free_port


@pytest.mark.parametrize("daemonize", [True, False], ids=["daemonize", "nodaemonize"])
def test_20_reloads_while_publishing(fpm, subscribe, daemonize):
    server = fpm(daemonize=daemonize)
    stream = subscribe(server.address)
    processes = (server.supervisor(), server.hub())
    load = Load(server)
    for _ in range(20):
        load.wait_for(3)
        server.reload()
    load.wait_for(3)
    assert_all_received(stream, load.stop())
    assert load.errors == []
    assert stream.connections == 1
    assert (server.supervisor(), server.hub()) == processes
    assert server.complaints() == []


def test_200_recycled_workers(fpm, subscribe):
    server = fpm(pool="pm.max_requests = 2")
    stream = subscribe(server.address)
    processes = (server.supervisor(), server.hub())
    load = Load(server, pause=0)
    wait_for(lambda: len(load.workers) > 200, "200 worker recyclings", 60)
    assert_all_received(stream, load.stop())
    assert load.errors == []
    assert stream.connections == 1
    assert (server.supervisor(), server.hub()) == processes
    assert server.complaints() == []


@pytest.mark.parametrize("daemonize", [True, False], ids=["daemonize", "nodaemonize"])
@pytest.mark.parametrize(
    "changed",
    [
        {"heartbeat": "3s"},
        {"history_size": "8M"},
        {"history_size": "64M"},
        {"user": "games", "log_level": "debug"},
    ],
    ids=lambda changed: ",".join(changed.values()),
)
def test_a_changed_configuration_takes_over(fpm, subscribe, changed, daemonize):
    server = fpm(daemonize=daemonize)
    stream = subscribe(server.address)
    before = (server.supervisor(), server.hub())
    load = Load(server)
    load.wait_for(50)
    server.change(**changed)
    server.reload()
    load.wait_for(50)
    assert_all_received(stream, load.stop())
    assert load.errors == []
    assert stream.connections <= 2
    after = (server.supervisor(), server.hub())
    assert set(before).isdisjoint(after)
    assert zombies(after[0]) == []
    assert server.complaints() == []
    server.stop()
    server.wait_until_gone()


def test_configurations_changed_again_and_again(fpm, subscribe):
    server = fpm()
    stream = subscribe(server.address)
    load = Load(server)
    for number in range(6):
        load.wait_for(20)
        server.change(heartbeat=f"{number + 5}s")
        server.reload()
    load.wait_for(20)
    assert_all_received(stream, load.stop())
    assert load.errors == []
    assert stream.connections <= 7


def test_an_upgraded_extension_takes_over(fpm, subscribe):
    server = fpm()
    stream = subscribe(server.address)
    supervisor = server.supervisor()
    upgrade = server.extension.with_suffix(".new")
    shutil.copy(server.extension, upgrade)
    upgrade.rename(server.extension)
    first = server.publish()
    server.reload()
    assert server.supervisor() != supervisor
    second = server.publish()
    stream.wait_for_id(second)
    assert stream.ids == [first, second]


def test_listeners_come_and_go(fpm, subscribe):
    server = fpm()
    old, new, path = server.address, f"127.0.0.1:{free_port()}", f"unix:{server.run}/http.sock"
    stays = subscribe(old)
    server.change(listen=f"{old} {new} {path}")
    server.reload()
    added = [subscribe(new), subscribe(path)]
    first = server.publish()
    for stream in (stays, *added):
        stream.wait_for_id(first)
    assert stat.S_IMODE(os.stat(path.removeprefix("unix:")).st_mode) == 0o666
    server.change(listen=new)
    server.reload()
    second = server.publish()
    added[0].wait_for_id(second)
    assert not os.path.exists(path.removeprefix("unix:"))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port)).close()


def test_a_listener_becomes_wider_on_the_same_port(fpm, subscribe):
    server = fpm()
    stream = subscribe(server.address)
    first = server.publish()
    server.change(listen=f"0.0.0.0:{server.port}")
    server.reload()
    second = server.publish()
    stream.wait_for_id(second)
    assert stream.ids == [first, second]
    socket.create_connection(("127.0.0.2", server.port)).close()
    assert server.complaints() == []


def test_the_publish_socket_moves(fpm, subscribe):
    server = fpm()
    stream = subscribe(server.address)
    load = Load(server)
    load.wait_for(20)
    old = server.settings["publish_socket"]
    server.change(publish_socket=str(server.run / "moved.sock"))
    server.reload()
    load.wait_for(20)
    assert_all_received(stream, load.stop())
    assert load.errors == []
    wait_for(lambda: not os.path.exists(old), "the old socket removed")
    assert sorted(path.name for path in server.run.iterdir()) == [
        "moved.sock", "moved.sock.control", "moved.sock.lock",
    ]
    server.stop()
    server.wait_until_gone()


def test_the_publish_socket_gets_its_new_mode(fpm):
    server = fpm()
    server.change(publish_socket_mode="0600", publish_socket_group="games")
    server.reload()
    socket_file = os.stat(server.settings["publish_socket"])
    assert stat.S_IMODE(socket_file.st_mode) == 0o600
    assert server.publish()  # the workers have theirs from the master


@pytest.mark.parametrize("fault", ["port", "user", "group", "log"])
def test_a_configuration_that_cannot_be_had_leaves_the_old_hub(fpm, subscribe, fault):
    server = fpm()
    address = server.address
    stream = subscribe(address)
    before = (server.supervisor(), server.hub())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings, named = {
            "port": ({"listen": f"127.0.0.1:{taken.getsockname()[1]}"}, f"127.0.0.1:{taken.getsockname()[1]}"),
            "user": ({"user": "no-such-user"}, "mercure.user"),
            "group": ({"publish_socket_group": "no-such-group"}, "mercure.publish_socket_group"),
            "log": ({"log": "/no/such/folder/hub.log"}, "mercure.log"),
        }[fault]
        good = dict(server.settings)
        server.change(**settings)
        server.reload()
        log = server.log.read_text() + (server.folder / "out.log").read_text()
        assert named in log
        update = server.publish()
        stream.wait_for_id(update)
        assert (server.supervisor(), server.hub(), stream.connections) == (*before, 1)
        time.sleep(7)  # longer than the old supervisor waits for a new one, and than it lives without a server
        stream.wait_for_id(server.publish())
        assert (server.supervisor(), server.hub(), stream.connections) == (*before, 1)
    # The hub is still this server's own: the next change is taken.
    server.settings = good | {"heartbeat": "9s"}
    server.write_ini()
    server.reload()
    stream.wait_for_id(server.publish())
    assert server.supervisor() != before[0]
