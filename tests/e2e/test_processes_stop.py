"""How everything ends: by the master's signals, by kill -9, and by TERM to all at once."""

from __future__ import annotations

import os
import signal
import time

import pytest
from processes import alive, kill, wait_for


@pytest.mark.parametrize("how", [signal.SIGQUIT, signal.SIGTERM], ids=["QUIT", "TERM"])
@pytest.mark.parametrize("daemonize", [True, False], ids=["daemonize", "nodaemonize"])
def test_a_stopped_master_leaves_nothing(fpm, subscribe, how, daemonize):
    server = fpm(daemonize=daemonize, start=False)
    server.change(listen=f"{server.address} unix:{server.run}/http.sock")
    server.start()
    stream = subscribe(server.address)
    stream.wait_for_id(server.publish())
    server.stop(how)
    server.wait_until_gone()
    assert server.complaints() == []


def test_term_to_every_process_leaves_nothing(fpm, subscribe):
    server = fpm()
    streams = [subscribe(server.address) for _ in range(20)]
    update = server.publish()
    for stream in streams:
        stream.wait_for_id(update)
    everyone = [server.master, *server.workers(), server.supervisor(), server.hub()]
    for pid in everyone:
        kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 2
    server.process.wait(10)
    wait_for(lambda: not any(map(alive, everyone)) and not server.leftovers(), "all gone within 2 s",
             max(deadline - time.monotonic(), 0.01))


def test_a_term_to_all_still_delivers_what_was_published(fpm, subscribe):
    server = fpm()
    stream = subscribe(server.address)
    updates = [server.publish() for _ in range(50)]
    for pid in [server.hub(), server.supervisor(), server.master]:
        kill(pid, signal.SIGTERM)
    stream.wait_for_id(updates[-1])
    assert stream.ids == updates
    server.process.wait(10)
    server.wait_until_gone()


def test_kill_9_of_the_master(fpm, subscribe):
    server = fpm()
    stream = subscribe(server.address)
    hub = server.hub()
    workers = server.workers()
    os.kill(server.master, signal.SIGKILL)
    server.process.wait(10)
    # Its workers go on, and so the hub does.
    time.sleep(2.5)
    stream.wait_for_id(server.publish())
    assert (server.hub(), stream.connections) == (hub, 1)
    for pid in workers:
        kill(pid, signal.SIGKILL)
    server.wait_until_gone()


def test_kill_9_of_the_master_and_another_start(fpm, subscribe):
    server = fpm()
    stream = subscribe(server.address)
    first = server.publish()
    workers = server.workers()
    os.kill(server.master, signal.SIGKILL)
    for pid in workers:
        kill(pid, signal.SIGKILL)
    server.process.wait(10)
    server.start()
    second = server.publish()
    stream.wait_for_id(second)
    assert (stream.ids, stream.connections) == ([first, second], 1)
    server.stop()
    server.wait_until_gone()


def test_term_of_the_supervisor_stops_the_hub(fpm):
    server = fpm()
    os.kill(server.supervisor(), signal.SIGTERM)
    server.wait_until_gone(2)
    assert server.error().startswith("Mercure\\Exception\\HubUnavailableException: ")
    server.reload()
    assert server.publish()


def test_a_restart_with_a_changed_configuration_keeps_what_was_published(fpm, subscribe):
    server = fpm()
    stream = subscribe(server.address)
    first = server.publish()
    stream.wait_for_id(first)
    supervisor = server.supervisor()
    server.stop()
    server.change(heartbeat="4s")
    server.start()
    second = server.publish()
    stream.wait_for_id(second)
    assert stream.ids == [first, second]
    assert server.supervisor() != supervisor


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["TERM", "KILL"])
def test_a_start_while_the_last_hub_is_still_stopping(fpm, subscribe, how):
    server = fpm()
    streams = [subscribe(server.address) for _ in range(20)]
    for stream in streams:
        stream.close()
    stream = subscribe(server.address)
    everyone = [server.master, *server.workers(), server.supervisor()]
    for pid in everyone:
        kill(pid, how)
    server.process.wait(10)
    server.start()
    wait_for(lambda: stream.connections > 1, "the stream again")
    update = server.publish()
    stream.wait_for_id(update)
    assert server.complaints() == []
