"""What the process tests share. They need root, because php-fpm's pools and the hub change users."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from server import BuiltIn, Fpm
from stream import Stream

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may enter; it goes with the test."""
    path = Path(tempfile.mkdtemp(prefix="mercure-e2e-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def extension(folder: Path) -> Path:
    """A copy of the extension that every user may load."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    source = Path(os.environ.get("MERCURE_SO", target / "release/libmercure.so"))
    return Path(shutil.copy(source, folder / "mercure.so"))


@pytest.fixture
def fpm(folder: Path, extension: Path) -> Iterator[Callable[..., Fpm]]:
    """Makes php-fpm masters: `fpm()` in the test's folder, `fpm(name="b")` in one of its own."""
    made: list[Fpm] = []

    def make(name: str = "", start: bool = True, **options: object) -> Fpm:
        home = folder / name if name else folder
        home.mkdir(exist_ok=True)
        made.append(Fpm(home, extension, **options))  # type: ignore[arg-type]
        return made[-1].start() if start else made[-1]

    yield make
    for server in made:
        server.clean_up()


@pytest.fixture
def built_in(folder: Path, extension: Path) -> Iterator[Callable[..., BuiltIn]]:
    """Makes `php -S` servers."""
    made: list[BuiltIn] = []

    def make(name: str = "", start: bool = True, **options: object) -> BuiltIn:
        home = folder / name if name else folder
        home.mkdir(exist_ok=True)
        made.append(BuiltIn(home, extension, **options))  # type: ignore[arg-type]
        return made[-1].start() if start else made[-1]

    yield make
    for server in made:
        server.clean_up()


@pytest.fixture
def subscribe() -> Iterator[Callable[..., Stream]]:
    """Opens streams that are closed when the test ends."""
    opened: list[Stream] = []

    def make(address: str, topic: str = "/t", last_event_id: str = "") -> Stream:
        opened.append(Stream(address, topic, last_event_id))
        return opened[-1]

    yield make
    for stream in opened:
        stream.close()
