"""Finds the processes of a test and waits for things to happen."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

MARK = "MERCURE_E2E"
"""Environment variable with the test's folder: what a test starts inherits it, and so can be told from everything else."""


def wait_for(condition: Callable[[], T], what: str, timeout: float = 15) -> T:
    """The first true value of the condition; fails when there is none in time."""
    deadline = time.monotonic() + timeout
    while True:
        if value := condition():
            return value
        assert time.monotonic() < deadline, f"in vain waited {timeout} s for: {what}"
        time.sleep(0.01)


def name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def status(pid: int, field: str) -> list[str]:
    """The values of a line of /proc/<pid>/status."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        key, _, value = line.partition(":")
        if key == field:
            return value.split()
    return []


def alive(pid: int) -> bool:
    """Whether the process exists and is not a zombie."""
    try:
        return status(pid, "State")[0] != "Z"
    except OSError:
        return False


def find(folder: Path, *names: str) -> list[int]:
    """Processes that carry the folder's mark, with one of the names if any are given; zombies have no environment."""
    mark = f"{MARK}={folder}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                environment = (entry / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if mark in environment and (not names or name(int(entry.name)) in names):
                found.append(int(entry.name))
    return found


def children(pid: int) -> list[int]:
    """Child processes, zombies among them."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            if int(stat.rpartition(")")[2].split()[1]) == pid:
                found.append(int(entry.name))
    return found


def zombies(pid: int) -> list[int]:
    return [child for child in children(pid) if not alive(child)]


def descriptors(pid: int) -> dict[int, str]:
    """What each open descriptor points at."""
    found = {}
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found[int(entry.name)] = os.readlink(entry)
        except OSError:
            continue
    return found


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def kill(pid: int, signal: int) -> None:
    try:
        os.kill(pid, signal)
    except ProcessLookupError:
        pass
