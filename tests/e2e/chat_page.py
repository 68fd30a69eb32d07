"""The chat's page in a headless Chromium, with a profile of its own, as one person sees it."""

from pathlib import Path
from typing import Any

from demo import wait_for
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# A subscription beside the page's own: what it gets is exactly what the hub sends.
WIRETAP = """
    const url = new URL(arguments[0], location.href);
    for (const topic of arguments[1]) url.searchParams.append('topic', topic);
    const tap = { events: [], opened: 0 };
    tap.source = new EventSource(url, { withCredentials: true });
    tap.source.onopen = () => tap.opened++;
    for (const type of ['message', 'conversation']) tap.source.addEventListener(type, (event) => tap.events.push(event.data));
    (window.taps ??= []).push(tap);
    return window.taps.length - 1;
"""


class ChatPage:
    """One person's browser."""

    def __init__(self, profile: Path) -> None:
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        for argument in [*ARGUMENTS, f"--user-data-dir={profile}"]:
            options.add_argument(argument)
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.resize(1280, 800)

    def close(self) -> None:
        self.driver.quit()

    def command(self, command: str, **parameters: Any) -> dict[str, Any]:
        """Sends a command of the Chrome DevTools Protocol."""
        return self.driver.execute_cdp_cmd(command, parameters)

    def resize(self, width: int, height: int) -> None:
        phone = width < 500
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if phone else 1,
            mobile=phone,
        )

    def log_in(self, url: str, name: str) -> None:
        self.driver.get(url)
        self._click("button.person", name)
        self.wait_for_state("live")
        self.mark()

    def mark(self) -> None:
        """Leaves a mark that is gone when the page is loaded anew."""
        self.driver.execute_script("window.neverReloaded = true")

    def was_reloaded(self) -> bool:
        return not self.driver.execute_script("return window.neverReloaded === true")

    def state(self) -> str:
        """The state that can be seen."""
        return self.driver.execute_script(
            "return [...document.querySelectorAll('.state')].find((pill) => pill.checkVisibility())?.dataset.state"
        )

    def wait_for_state(self, state: str) -> None:
        wait_for(f"the state {state}", lambda: self.state() == state)

    def open(self, name: str) -> None:
        """Opens the conversation with someone, or starts it."""
        wait_for(f"{name} in the list", lambda: self._find(".row", name))
        self._click(".row", name)
        wait_for("the conversation", lambda: self.driver.find_element(By.ID, "thread-name").text == name)

    def send(self, text: str) -> None:
        self.driver.find_element(By.ID, "text").send_keys(text, Keys.ENTER)

    def messages(self) -> list[str]:
        """The open conversation's messages that the server has, from top to bottom."""
        return self.driver.execute_script(
            "return [...document.querySelectorAll('.message[data-id] .bubble')].map((bubble) => bubble.textContent)"
        )

    def outgoing(self) -> list[str]:
        """Messages on their way to the server."""
        return self.driver.execute_script(
            "return [...document.querySelectorAll('.outgoing .bubble')].map((bubble) => bubble.textContent)"
        )

    def wait_for_message(self, text: str) -> None:
        wait_for(f"the message {text!r}", lambda: text in self.messages())

    def unread(self, name: str) -> str:
        """The mark beside someone's name in the list; empty when everything is read."""
        row = self._find(".row", name)
        return row.find_element(By.CSS_SELECTOR, ".unread").text if row else ""

    def settings(self) -> dict[str, Any]:
        """What PHP told the page: among others its user's id (`me`), `topic` and `hubUrl`."""
        return self.driver.execute_script("return JSON.parse(document.body.dataset.settings)")

    def tap(self, topics: list[str]) -> int:
        """Subscribes to topics from within the page, with its cookies."""
        tap = self.driver.execute_script(WIRETAP, self.settings()["hubUrl"], topics)
        wait_for("the stream", lambda: self.driver.execute_script("return taps[arguments[0]].opened > 0", tap))
        return tap

    def tapped(self, tap: int) -> list[str]:
        """The data of all events that a tap has received."""
        return self.driver.execute_script("return window.taps[arguments[0]].events", tap)

    def fetch_status(self, path: str, method: str = "GET", **fields: str) -> int:
        """What the chat's server answers to this page, token and all."""
        return self.driver.execute_async_script(
            """
            const [path, method, fields, done] = arguments;
            const headers = { 'X-CSRF-Token': document.querySelector('meta[name="csrf-token"]').content };
            const body = method === 'GET' ? undefined : new URLSearchParams(fields);
            fetch(path, { method, headers, body }).then((response) => done(response.status));
            """,
            path,
            method,
            fields,
        )

    def _find(self, selector: str, name: str) -> Any:
        return next((each for each in self.driver.find_elements(By.CSS_SELECTOR, selector) if name in each.text), None)

    def _click(self, selector: str, name: str) -> None:
        element = self._find(selector, name)
        assert element is not None, f"there is no {selector} with {name}"
        element.click()
