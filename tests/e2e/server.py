"""PHP servers with the extension, each with a folder of its own: configuration, sockets, logs and pages."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

import fastcgi
from processes import MARK, alive, children, descriptors, find, kill, name, wait_for, zombies
from stream import Stream

PHP = os.environ.get("MERCURE_PHP", "/usr/bin/php8.2")
FPM = os.environ.get("MERCURE_PHP_FPM", "/usr/sbin/php-fpm8.2")

PAGE = r"""<?php
declare(strict_types=1);

$answer = ['pid' => getmypid(), 'user' => posix_geteuid(), 'id' => null, 'error' => null];
try {
    if (isset($_GET['topic'])) {
        $data = str_repeat('x', (int) ($_GET['size'] ?? 0));
        $answer['id'] = mercure_publish($_GET['topic'], $data, id: $_GET['id'] ?? null);
    }
} catch (Throwable $e) {
    $answer['error'] = get_class($e) . ': ' . $e->getMessage();
}
echo json_encode($answer);
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """What php-fpm and `php -S` have in common."""

    def __init__(self, folder: Path, extension: Path, **settings: str) -> None:
        self.folder = folder
        self.extension = extension
        self.port = free_port()
        self.run = folder / "run"
        self.run.mkdir(exist_ok=True)
        self.hub_log = folder / "hub.log"
        self.settings = {
            "listen": f"127.0.0.1:{self.port}",
            "anonymous": "1",
            "publish_socket": str(self.run / "publish.sock"),
            "log": str(self.hub_log),
            "heartbeat": "1s",
        } | settings
        self.ini = folder / "php.ini"
        self.page = folder / "page.php"
        self.page.write_text(PAGE)
        self.page.chmod(0o644)
        self.process: subprocess.Popen[bytes] | None = None
        self.write_ini()

    def write_ini(self) -> None:
        lines = [
            f"extension={self.folder / 'posix.so'}" if (self.folder / "posix.so").exists() else "extension=posix",
            f"extension={self.extension}",
            *(f'mercure.{key} = "{value}"' for key, value in self.settings.items()),
        ]
        self.ini.write_text("\n".join(lines) + "\n")
        self.ini.chmod(0o644)

    def change(self, **settings: str) -> None:
        """Changes the configuration, for the next start or reload."""
        self.settings |= settings
        self.write_ini()

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "PHP_INI_SCAN_DIR": "", MARK: str(self.folder)}

    @property
    def address(self) -> str:
        return self.settings["listen"].split()[0]

    def processes(self, *names: str) -> list[int]:
        return find(self.folder, *names)

    def supervisor(self) -> int:
        return self._one("mercure-super")

    def hub(self) -> int:
        return self._one("mercure-hub")

    def _one(self, wanted: str) -> int:
        def only() -> int | None:
            found = self.processes(wanted)
            return found[0] if len(found) == 1 else None

        return wait_for(only, f"exactly one {wanted}")

    def stream(self, topic: str = "/t", last_event_id: str = "") -> Stream:
        return Stream(self.address, topic, last_event_id)

    def leftovers(self) -> list[str]:
        """Processes and files that should not be there once everything has stopped."""
        found = [f"{name(pid)} ({pid})" for pid in self.processes("mercure-super", "mercure-hub")]
        return found + [str(path) for path in self.run.iterdir()]

    def wait_until_gone(self, timeout: float = 10) -> None:
        wait_for(lambda: not self.leftovers(), f"nothing left (still: {self.leftovers()})", timeout)

    def cli(self, *arguments: str, user: str | None = None, code: str | None = None) -> subprocess.CompletedProcess[str]:
        """Runs the PHP command line with this server's configuration."""
        command = [PHP, "-c", str(self.ini), *arguments]
        if code is not None:
            command += ["-r", code]
        return subprocess.run(
            command, env=self.environment, user=user, group=user and _group_of(user), extra_groups=user and [],
            capture_output=True, text=True, timeout=30, check=False,
        )


def _group_of(user: str) -> str:
    return {"nobody": "nogroup"}.get(user, user)


class Fpm(Server):
    """A php-fpm master with one pool, or the pools that are given."""

    def __init__(self, folder: Path, extension: Path, *, daemonize: bool = False, pool: str = "", pools: str = "",
                 wrapper: tuple[str, ...] = (), **settings: str) -> None:
        super().__init__(folder, extension, **settings)
        self.daemonize = daemonize
        self.wrapper = wrapper
        self.listen = folder / "fpm.sock"
        self.log = folder / "fpm.log"
        self.pid_file = folder / "fpm.pid"
        self.conf = folder / "fpm.conf"
        pools = pools or f"[www]\nuser = www-data\nlisten = {self.listen}\npm = static\npm.max_children = 2\n{pool}"
        self.conf.write_text(
            f"[global]\nerror_log = {self.log}\npid = {self.pid_file}\nprocess_control_timeout = 10s\n{pools}\n"
        )
        self.outer: int | None = None

    def command(self, *arguments: str) -> list[str]:
        return [*self.wrapper, FPM, "-c", str(self.ini), "-y", str(self.conf), *arguments]

    def start(self, listening: bool = True) -> Fpm:
        with (self.folder / "out.log").open("ab") as out:
            self.process = subprocess.Popen(
                self.command("--daemonize" if self.daemonize else "--nodaemonize"),
                env=self.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )
        if self.daemonize:
            assert self.process.wait(20) == 0, (self.folder / "out.log").read_text()
        if listening:
            wait_for(self.answers, "php-fpm answering")
        return self

    def answers(self) -> bool:
        try:
            return self.get()["pid"] > 0
        except OSError:
            return False

    @property
    def master(self) -> int:
        if self.wrapper and self.process is not None and name(self.process.pid) == "unshare":
            return wait_for(lambda: children(self.process.pid), "php-fpm in its namespace")[0]
        if self.daemonize:
            return int(self.pid_file.read_text())
        assert self.process is not None
        return self.process.pid

    def get(self, listen: Path | None = None, script: str | None = None, **query: str) -> dict:
        return json.loads(fastcgi.request(listen or self.listen, script or str(self.page), query))

    def publish(self, update: str | None = None, topic: str = "/t", **query: str) -> str:
        """Publishes through php-fpm; an exception of PHP's fails the test."""
        answer = self.get(topic=topic, **({"id": update} if update else {}), **query)
        assert answer["error"] is None, answer["error"]
        return answer["id"]

    def error(self) -> str:
        """What PHP throws when it publishes."""
        error = self.get(topic="/t")["error"]
        assert error is not None, "publishing worked"
        return error

    def reload(self) -> None:
        """SIGUSR2, and waits for the workers of the new configuration."""
        count = self.log.read_text().count("ready to handle connections")
        os.kill(self.master, signal.SIGUSR2)
        wait_for(
            lambda: self.log.read_text().count("ready to handle connections") > count, "php-fpm after its reload", 30
        )

    def stop(self, how: int = signal.SIGQUIT) -> None:
        master = self.master
        kill(master, how)
        self.wait_for_end(master)

    def wait_for_end(self, master: int) -> None:
        if not self.daemonize and self.process is not None:
            self.process.wait(20)
        wait_for(lambda: not alive(master), "the end of php-fpm's master")

    def workers(self) -> list[int]:
        return [pid for pid in children(self.master) if name(pid).startswith("php-fpm")]

    def complaints(self) -> list[str]:
        """Lines of FPM's log that somebody would have to look into."""
        return [line for line in self.log.read_text().splitlines() if "NOTICE" not in line and "DEBUG" not in line]

    def clean_up(self) -> None:
        for how in (signal.SIGQUIT, signal.SIGKILL):
            try:
                masters = [self.master, *self.workers()]
            except (OSError, ValueError, AssertionError):
                masters = []
            if self.process is not None and self.process.poll() is None:
                masters.append(self.process.pid)
            for pid in [*masters, *(self.processes() if how == signal.SIGKILL else [])]:
                kill(pid, how)
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline and self.processes():
                if self.process is not None:
                    self.process.poll()
                time.sleep(0.02)


class BuiltIn(Server):
    """`php -S`, possibly as an ordinary user."""

    def __init__(self, folder: Path, extension: Path, *, user: str | None = None, **settings: str) -> None:
        super().__init__(folder, extension, **settings)
        self.user = user
        self.web_port = free_port()
        self.extra: dict[str, str] = {}

    def start(self) -> BuiltIn:
        with (self.folder / "out.log").open("ab") as out:
            self.process = subprocess.Popen(
                [PHP, "-c", str(self.ini), "-S", f"127.0.0.1:{self.web_port}", "-t", str(self.folder)],
                env=self.environment | self.extra, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                user=self.user, group=self.user and _group_of(self.user), extra_groups=self.user and [],
            )
        wait_for(self.answers, "php -S answering")
        return self

    def answers(self) -> bool:
        try:
            return self.get()["pid"] > 0
        except OSError:
            return False

    def get(self, **query: str) -> dict:
        url = f"http://127.0.0.1:{self.web_port}/page.php?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=15) as response:
            return json.load(response)

    def publish(self, update: str | None = None, topic: str = "/t", **query: str) -> str:
        answer = self.get(topic=topic, **({"id": update} if update else {}), **query)
        assert answer["error"] is None, answer["error"]
        return answer["id"]

    def stop(self, how: int = signal.SIGINT) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(20)

    def clean_up(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(5)
        for pid in self.processes():
            kill(pid, signal.SIGKILL)


class Load(threading.Thread):
    """Publishes one update after another; `confirmed` are those for which publish() returned, `errors` what it threw.

    A request that php-fpm breaks off (its worker was stopped) proves nothing either way, and is left out.
    """

    def __init__(self, server: Fpm | BuiltIn, prefix: str = "u", pause: float = 0.002) -> None:
        super().__init__(daemon=True)
        self.server = server
        self.prefix = prefix
        self.pause = pause
        self.confirmed: list[str] = []
        self.errors: list[str] = []
        self.workers: set[int] = set()
        self._stopped = threading.Event()
        self.start()

    def run(self) -> None:
        number = 0
        while not self._stopped.is_set():
            number += 1
            update = f"{self.prefix}{number}"
            try:
                answer = self.server.get(topic="/t", id=update)
            except OSError:
                time.sleep(0.01)
                continue
            self.workers.add(answer["pid"])
            if answer["error"] is None:
                self.confirmed.append(answer["id"])
            else:
                self.errors.append(answer["error"])
            time.sleep(self.pause)

    def wait_for(self, more: int) -> None:
        """Waits for so many further confirmed updates."""
        target = len(self.confirmed) + more
        wait_for(lambda: len(self.confirmed) >= target, f"{more} more updates published ({self.errors[-1:]})", 30)

    def stop(self) -> list[str]:
        self._stopped.set()
        self.join(20)
        return self.confirmed


def assert_all_received(stream: Stream, confirmed: list[str]) -> None:
    """Every confirmed update once and in order; what php-fpm broke off may be among them."""
    assert confirmed
    stream.wait_for_id(confirmed[-1])
    received = list(stream.ids)
    assert len(received) == len(set(received)), "an update was delivered twice"
    wanted = set(confirmed)
    assert [update for update in received if update in wanted] == confirmed


__all__ = ["BuiltIn", "Fpm", "Load", "Server", "assert_all_received", "descriptors", "free_port", "zombies"]
