"""kill -9 of the hub and of the supervisor, and what is left lying about afterwards."""

from __future__ import annotations

import os
import signal
import socket
import time

import pytest
from processes import alive, children, wait_for, zombies
from server import Load, assert_all_received


@pytest.mark.parametrize("pause", [0.0, 0.4], ids=["at once", "every 0.4 s"])
def test_20_kills_of_the_hub_under_load(fpm, subscribe, pause):
    server = fpm()
    streams = [subscribe(server.address) for _ in range(3)]
    supervisor = server.supervisor()
    load = Load(server, pause=0.001)
    for _ in range(20):
        load.wait_for(10)
        hub = server.hub()
        os.kill(hub, signal.SIGKILL)
        wait_for(lambda: [pid for pid in children(supervisor) if pid != hub and alive(pid)], "another hub", 1)
        time.sleep(pause)
    load.wait_for(10)
    confirmed = load.stop()
    for stream in streams:
        assert_all_received(stream, confirmed)
    assert load.errors == []
    assert server.supervisor() == supervisor
    assert zombies(supervisor) == zombies(server.master) == []
    assert server.complaints() == []


def test_history_outlives_the_hub(fpm, subscribe):
    server = fpm()
    updates = [server.publish() for _ in range(20)]
    last = subscribe(server.address, last_event_id="earliest")
    last.wait_for_id(updates[-1])
    hub = server.hub()
    os.kill(hub, signal.SIGKILL)
    large = server.publish(size="1048576")
    stream = subscribe(server.address, last_event_id=updates[4])
    stream.wait_for_id(large)
    assert stream.ids == [*updates[5:], large]
    assert len(stream.data[-1]) == 1048576


@pytest.mark.parametrize("reload_after", [0.0, 1.5])
def test_kill_9_of_the_supervisor(fpm, subscribe, reload_after):
    server = fpm()
    stream = subscribe(server.address)
    stream.wait_for_id(server.publish())
    hub = server.hub()
    os.kill(server.supervisor(), signal.SIGKILL)
    if reload_after:
        wait_for(lambda: not alive(hub), "the end of the hub")
        error = server.error()
        assert error.startswith("Mercure\\Exception\\HubUnavailableException: ")
        assert "reload" in error
        time.sleep(reload_after)
    server.reload()
    update = server.publish()
    wait_for(lambda: stream.connections > 1, "the stream again")
    later = server.publish()
    stream.wait_for_id(later)
    assert stream.ids[-1] == later and update != later
    assert server.hub() != hub
    server.stop()
    server.wait_until_gone()


@pytest.mark.parametrize("what", ["all files", "socket only"])
def test_stale_files(fpm, subscribe, what):
    server = fpm(start=False)
    path = server.settings["publish_socket"]
    http = f"{server.run}/http.sock"
    server.change(listen=f"{server.address} unix:{http}")
    for kind, stale in [(socket.SOCK_DGRAM, path), (socket.SOCK_SEQPACKET, path + ".control"), (socket.SOCK_STREAM, http)]:
        if what == "all files" or stale == path:
            with socket.socket(socket.AF_UNIX, kind) as left:
                left.bind(stale)
    if what == "all files":
        open(path + ".lock", "w").close()
    server.start()
    stream = subscribe(server.address)
    stream.wait_for_id(server.publish())
    server.stop()
    server.wait_until_gone()


def test_a_file_that_is_no_socket_is_left_alone(fpm):
    server = fpm(start=False)
    path = server.settings["publish_socket"]
    with open(path, "w") as precious:
        precious.write("precious")
    server.start()
    assert path in server.error()
    assert open(path).read() == "precious"
