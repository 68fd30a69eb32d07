"""Where a hub is started, as whom, and with what; and where none is."""

from __future__ import annotations

import os
import pwd
import signal
import stat
import subprocess
import time

import pytest
from processes import alive, children, descriptors, find, name, status, wait_for, zombies
from server import FPM, PHP

QUESTIONS = [
    [PHP, "-v"], [PHP, "-m"], [PHP, "-i"],
    [FPM, "-t"], [FPM, "-tt"], [FPM, "-v"], [FPM, "-m"], [FPM, "-i"], [FPM, "-h"], [FPM, "--no-such-option"],
]


def ask(server, question: list[str]) -> None:
    program, *options = question
    configuration = ["-c", str(server.ini)] + (["-y", str(server.conf)] if program == FPM else [])
    # A pipe that a started hub kept open would hold this call up.
    subprocess.run([program, *configuration, *options], env=server.environment, capture_output=True, timeout=20, check=False)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: " ".join(question).replace("/", " "))
def test_a_question_starts_no_hub(fpm, question):
    server = fpm(start=False)
    ask(server, question)
    assert server.leftovers() == []


def test_questions_disturb_no_hub(fpm, subscribe):
    server = fpm()
    stream = subscribe(server.address)
    before = (server.supervisor(), server.hub())
    server.change(anonymous="0", heartbeat="7s")
    for question in QUESTIONS:
        ask(server, question)
    time.sleep(2.5)  # longer than a hub without a server lives
    update = server.publish()
    stream.wait_for_id(update)
    assert (server.supervisor(), server.hub(), stream.connections) == (*before, 1)


@pytest.mark.parametrize("daemonize", [True, False], ids=["daemonize", "nodaemonize"])
def test_fpm_in_background_and_foreground(fpm, subscribe, daemonize):
    server = fpm(daemonize=daemonize)
    stream = subscribe(server.address)
    stream.wait_for_id(server.publish())
    time.sleep(2.5)  # the launcher of a daemon is gone by now, and the hub stays
    stream.wait_for_id(server.publish())
    assert stream.connections == 1
    assert server.complaints() == []
    supervisor, hub = server.supervisor(), server.hub()
    assert os.getsid(supervisor) == os.getsid(hub) != os.getsid(server.master)
    assert children(supervisor) == [hub]
    assert zombies(server.master) == zombies(supervisor) == []


def test_two_pools_of_two_users(fpm, folder, subscribe):
    pools = "\n".join(
        f"[{user}]\nuser = {user}\nlisten = {folder}/{user}.sock\npm = static\npm.max_children = 1"
        for user in ("www-data", "games")
    )
    server = fpm(pools=pools, start=False)
    server.listen = folder / "games.sock"
    server.start()
    stream = subscribe(server.address)
    for user in ("www-data", "games", "www-data"):
        answer = server.get(folder / f"{user}.sock", topic="/t")
        assert answer["error"] is None
        assert answer["user"] == pwd.getpwnam(user).pw_uid
        stream.wait_for_id(answer["id"])
    # Both are told why it no longer works, though only one of them may open the socket by itself.
    hub = server.hub()
    os.kill(server.supervisor(), signal.SIGKILL)
    wait_for(lambda: not alive(hub), "the end of the hub")
    for user in ("www-data", "games"):
        assert "has stopped" in server.get(folder / f"{user}.sock", topic="/t")["error"]


def test_fpm_as_pid_1(fpm, subscribe):
    server = fpm(wrapper=("unshare", "--pid", "--fork", "--mount-proc", "--kill-child"))
    assert status(server.master, "NSpid")[-1] == "1"
    stream = subscribe(server.address)
    stream.wait_for_id(server.publish())
    hub = server.hub()
    os.kill(hub, signal.SIGKILL)
    wait_for(lambda: server.hub() != hub, "another hub")
    server.reload()
    stream.wait_for_id(server.publish())
    supervisor = server.supervisor()
    server.change(heartbeat="2s")
    server.reload()
    assert server.supervisor() != supervisor
    stream.wait_for_id(server.publish())
    assert server.complaints() == []
    assert zombies(server.master) == []
    master = server.master
    os.kill(master, signal.SIGQUIT)
    wait_for(lambda: not alive(master), "the end of the namespace")
    # The kernel kills a namespace with its PID 1: what is left behind must not hinder the next start.
    server.process.wait(20)
    server.start()
    stream.wait_for_id(server.publish())
    assert stream.ids == list(dict.fromkeys(stream.ids))


def test_a_chrooted_pool(fpm, folder, subscribe):
    server = fpm(pool=f"chroot = {folder}/jail\nchdir = /", start=False)
    (folder / "jail").mkdir()
    (folder / "jail/page.php").write_text(server.page.read_text())
    server.page = "/page.php"
    server.start()
    stream = subscribe(server.address)
    stream.wait_for_id(server.publish())
    server.reload()
    stream.wait_for_id(server.publish())
    assert stream.connections == 1
    # A large update travels in another way.
    stream.wait_for_id(server.publish(size="1000000"))


@pytest.mark.parametrize("user", ["", "games"])
def test_the_hub_has_its_own_user_and_nothing_of_fpm(fpm, user):
    server = fpm(user=user)
    server.publish()
    supervisor, hub = server.supervisor(), server.hub()
    expected = pwd.getpwnam(user or "nobody")
    assert status(hub, "Uid") == [str(expected.pw_uid)] * 4
    assert status(hub, "Gid") == [str(expected.pw_gid)] * 4
    assert status(hub, "Groups") == [str(expected.pw_gid)]
    assert int(status(hub, "CapEff")[0], 16) == 0
    assert status(hub, "NoNewPrivs") == ["1"]
    foreign = {target for target in descriptors(server.master).values() if target.startswith(("socket:", "pipe:"))}
    for pid, title in (supervisor, b"mercure: supervisor"), (hub, b"mercure: hub"):
        # Whoever looks for php-fpm by its command line does not find these.
        assert open(f"/proc/{pid}/cmdline", "rb").read().rstrip(b"\0") == title
        assert os.readlink(f"/proc/{pid}/cwd") == "/"
        held = descriptors(pid)
        assert held[0] == "/dev/null" and held[2] == str(server.hub_log)
        # The lease is a pair, of which the master has the one end and the supervisor the other.
        assert foreign.isdisjoint(held.values())
        assert not [target for target in held.values() if target == str(server.log)]
    shared = [
        line for line in open(f"/proc/{supervisor}/maps").read().splitlines() if line.split()[1] == "rw-s"
    ]
    assert shared == []
    limit = next(line for line in open(f"/proc/{hub}/limits") if line.startswith("Max open files")).split()
    assert limit[3] == limit[4]
    assert server.complaints() == []


def test_a_user_without_the_right_cannot_publish(fpm, subscribe):
    server = fpm()
    stream = subscribe(server.address)
    socket = os.stat(server.settings["publish_socket"])
    assert stat.S_IMODE(socket.st_mode) == 0o660
    code = "try { echo mercure_publish('/t'); } catch (Throwable $e) { echo get_class($e), ': ', $e->getMessage(); }"
    refused = server.cli(user="games", code=code).stdout
    assert refused.startswith("Mercure\\Exception\\HubUnavailableException: ")
    assert "permission" in refused.lower() and "mercure.publish_socket_group" in refused
    allowed = server.cli(user="www-data", code=code).stdout
    assert allowed.startswith("urn:uuid:")
    stream.wait_for_id(allowed)
    assert stream.ids == [allowed]
    control = os.stat(server.settings["publish_socket"] + ".control")
    assert (stat.S_IMODE(control.st_mode), control.st_uid) == (0o600, 0)


def test_the_sockets_group_and_mode_are_configured(fpm):
    server = fpm(publish_socket_group="games", publish_socket_mode="0620")
    socket = os.stat(server.settings["publish_socket"])
    assert (stat.S_IMODE(socket.st_mode), socket.st_gid) == (0o620, pwd.getpwnam("games").pw_gid)
    assert server.cli(user="games", code="echo mercure_publish('/t');").stdout.startswith("urn:uuid:")


def test_an_ordinary_user_under_the_built_in_server(built_in, folder, subscribe):
    server = built_in(user="nobody", start=False, log="stderr")
    runtime = folder / "runtime"
    runtime.mkdir()
    nobody = pwd.getpwnam("nobody")
    os.chown(runtime, nobody.pw_uid, nobody.pw_gid)
    runtime.chmod(0o700)
    del server.settings["publish_socket"]
    server.write_ini()
    server.extra = {"XDG_RUNTIME_DIR": str(runtime)}
    server.start()
    stream = subscribe(server.address)
    stream.wait_for_id(server.publish())
    for pid in (server.supervisor(), server.hub()):
        assert status(pid, "Uid") == [str(nobody.pw_uid)] * 4
    assert sorted(path.name for path in (runtime / "mercure").iterdir()) == [
        "publish.sock", "publish.sock.control", "publish.sock.lock",
    ]
    assert stat.S_IMODE((runtime / "mercure").stat().st_mode) == 0o700
    server.stop()
    wait_for(lambda: not find(folder) and not list((runtime / "mercure").iterdir()), "everything gone")
    assert name(os.getpid())  # /proc was readable: the search above meant something


def test_the_built_in_server_restarts_and_stops(built_in, subscribe):
    server = built_in()
    stream = subscribe(server.address)
    stream.wait_for_id(server.publish())
    hub = server.hub()
    server.stop()
    server.start()  # within the grace period: the hub and its streams stay
    stream.wait_for_id(server.publish())
    assert (server.hub(), stream.connections) == (hub, 1)
    server.stop(signal.SIGTERM)
    server.wait_until_gone()


def test_with_listen_off_nothing_is_started(fpm):
    server = fpm(listen="off")
    assert server.leftovers() == []
    assert server.error().startswith("Mercure\\Exception\\HubUnavailableException: ")
