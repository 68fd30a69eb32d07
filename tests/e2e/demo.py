"""One of the two demos (`make demo`, `make demo-fpm`), started as a user starts it, and the processes behind it."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")


def wait_for(what: str, probe: Callable[[], T | None], seconds: float = 30) -> T:
    """The first thing that `probe` finds; fails when it finds none in time."""
    deadline = time.monotonic() + seconds
    while True:
        found = probe()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}"
        time.sleep(0.05)


class Demo:
    """A running demo script. Its output goes to `log`."""

    def __init__(self, script: str, directory: Path) -> None:
        self.script = script
        self.log = directory / "demo.log"
        self.environment = {
            **os.environ,
            "CHAT_VAR": str(directory / "var"),
            "DEMO_PORT": str(free_port()),
            "DEMO_HUB_PORT": str(free_port()),
        }
        self._start()

    def _start(self) -> None:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [ROOT / "scripts" / self.script], env=self.environment, stdout=log, stderr=log, start_new_session=True,
                # As from a terminal: a shell that is started with SIGINT ignored, as by a job in the background, keeps it so.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
        # Building the extension is part of it, where nobody has built it yet.
        wait_for("the demo's address", self._ready, 900)
        text = self.output()
        self.url = re.search(r"The chat runs: +(http\S+)/\n", text)[1]
        self.hub_url = re.search(r"and the hub: +(http\S+)\n", text)[1]
        runtime = re.search(r"\$\(cat (\S+)/fpm\.pid\)", text)
        self.runtime = Path(runtime[1]) if runtime else None

    def _ready(self) -> bool:
        assert self.process.poll() is None, self.output()
        return "Ctrl-C" in self.output()

    def output(self) -> str:
        return self.log.read_text()

    def hub(self) -> int | None:
        """The hub's process id, while it lives."""
        return self._listening("mercure-hub")

    def supervisor(self) -> int | None:
        """The process id of the hub's supervisor, while it lives."""
        return self._listening("mercure-sup")

    def revive(self) -> None:
        """Brings back a hub whose supervisor has died: a reload is enough for php-fpm, `php -S` is started again."""
        if self.runtime is not None:
            os.kill(int((self.runtime / "fpm.pid").read_text()), signal.SIGUSR2)
        else:
            self.stop()
            self._start()

    def stop(self) -> None:
        """Does what Ctrl-C does."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
            self.process.wait(30)

    def _listening(self, name: str) -> int | None:
        """Who has the hub's listening socket and a name that starts so."""
        inodes = {f"socket:[{inode}]" for inode in self._inodes()}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if (process / "comm").read_text().startswith(name) and any(
                    os.readlink(descriptor) in inodes for descriptor in (process / "fd").iterdir()
                ):
                    return int(process.name)
            except OSError:
                continue  # It has ended meanwhile.
        return None

    def _inodes(self) -> list[str]:
        if self.runtime is not None:
            rows = [row.split() for row in Path("/proc/net/unix").read_text().splitlines()]
            return [row[6] for row in rows if row[-1] == f"{self.runtime}/hub.sock"]
        port = int(self.hub_url.split(":")[2].split("/")[0])
        rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()]
        return [row[9] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "0A"]


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
