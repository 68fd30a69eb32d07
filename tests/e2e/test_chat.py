"""The chat of examples/chat, played through by people with browsers: under `php -S`, and under php-fpm behind nginx.

Set CHAT_SCREENSHOTS to a directory to get pictures of it.
"""

import json
import os
import signal
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from chat_page import ChatPage
from demo import Demo, wait_for


@pytest.fixture(scope="module", params=["demo.sh", "demo-fpm.sh"])
def demo(request: pytest.FixtureRequest) -> Iterator[Demo]:
    # Not pytest's own directory, which only the user who runs the tests may enter: php-fpm's pool is www-data.
    with tempfile.TemporaryDirectory(prefix="mercure-chat-") as directory:
        os.chmod(directory, 0o711)
        demo = Demo(request.param, Path(directory))
        try:
            yield demo
        finally:
            demo.stop()


@pytest.fixture(scope="module")
def people(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, ChatPage]]:
    """Alice and Bob, who talk to each other, and Carol, who does not take part."""
    pages: dict[str, ChatPage] = {}
    try:
        for name in ["Alice", "Bob", "Carol"]:
            pages[name] = ChatPage(tmp_path_factory.mktemp(name))
            # To a browser, localhost is another host than 127.0.0.1, with other cookies.
            host = "localhost" if name == "Bob" else "127.0.0.1"
            pages[name].log_in(demo.url.replace("127.0.0.1", host), name)
        yield pages
    finally:
        for page in pages.values():
            page.close()


@pytest.fixture
def alice(people: dict[str, ChatPage]) -> ChatPage:
    people["Alice"].open("Bob")
    return people["Alice"]


@pytest.fixture
def bob(people: dict[str, ChatPage], alice: ChatPage) -> ChatPage:
    people["Bob"].open("Alice")
    return people["Bob"]


@pytest.fixture
def carol(people: dict[str, ChatPage]) -> ChatPage:
    return people["Carol"]


def test_a_new_conversation_and_its_messages_appear_at_once(people: dict[str, ChatPage]) -> None:
    alice, bob = people["Alice"], people["Bob"]
    alice.open("Bob")
    alice.send("Hello Bob")
    alice.send("Are you there?")
    wait_for("the mark of two unread messages", lambda: bob.unread("Alice") == "2")
    bob.open("Alice")
    bob.wait_for_message("Are you there?")
    assert bob.messages() == ["Hello Bob", "Are you there?"]
    wait_for("the mark to go", lambda: bob.unread("Alice") == "")
    bob.send("Yes, I am")
    alice.wait_for_message("Yes, I am")
    assert alice.messages() == bob.messages() == ["Hello Bob", "Are you there?", "Yes, I am"]
    for page in alice, bob:
        assert page.state() == "live"
        assert not page.was_reloaded()


def test_text_stays_text(alice: ChatPage, bob: ChatPage) -> None:
    text = "<img src=x onerror=document.title='owned'><script>document.title='owned'</script> & \"quotes\""
    alice.send(text)
    bob.wait_for_message(text)
    assert bob.driver.execute_script("return document.querySelectorAll('.bubble *').length") == 0
    bob.driver.refresh()
    bob.wait_for_message(text)
    assert "owned" not in bob.driver.title
    bob.mark()


def test_both_see_the_same_order(alice: ChatPage, bob: ChatPage) -> None:
    for number in range(10):
        alice.send(f"A{number}")
        bob.send(f"B{number}")
    for page in alice, bob:
        wait_for("all of them", lambda page=page: {"A9", "B9"} <= set(page.messages()) and not page.outgoing())
    wait_for("the same on both sides", lambda: alice.messages() == bob.messages())
    messages = alice.messages()
    for name in "AB":
        assert [text for text in messages if text[0] == name and text[1:].isdigit()] == [f"{name}{n}" for n in range(10)]


def test_an_outsider_gets_nothing_private(alice: ChatPage, bob: ChatPage, carol: ChatPage) -> None:
    conversation = urlsplit(alice.driver.current_url).path
    own = carol.settings()["topic"]
    others = [conversation, alice.settings()["topic"], bob.settings()["topic"]]
    # Each tap has Carol's own topic too: what arrives there last shows that nothing else is still on its way. There are three,
    # as Chromium opens six connections to one origin, and the page needs some.
    taps = [carol.tap([*topics, own]) for topics in (["*"], others, ["/conversations/user/{id}"])]

    alice.send("Between the two of us")
    bob.wait_for_message("Between the two of us")
    alice.open("Carol")
    alice.send("For Carol")
    carol.open("Alice")
    carol.wait_for_message("For Carol")
    for tap in taps:
        wait_for("what is for Carol", lambda tap=tap: any("For Carol" in data for data in carol.tapped(tap)))
        assert "Between the two of us" not in str(carol.tapped(tap))
    assert "Between the two of us" not in carol.driver.page_source

    assert carol.fetch_status(conversation) == 403
    assert carol.fetch_status(f"{conversation}/messages") == 403
    assert carol.fetch_status(f"{conversation}/messages", "POST", text="x", key="12345678") == 403
    assert carol.fetch_status(f"{conversation}/read", "POST", message="1") == 403


def test_nobody_subscribes_without_the_cookie(demo: Demo) -> None:
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(f"{demo.hub_url}?topic=/conversations/1", timeout=10)
    assert error.value.code == 401


def test_a_form_of_another_site_is_refused(demo: Demo, alice: ChatPage) -> None:
    cookies = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in alice.driver.get_cookies())
    request = urllib.request.Request(f"{demo.url}/conversations", b"person=3", {"Cookie": cookies})
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request, timeout=10)
    assert error.value.code == 401


def test_the_cookie_is_for_the_hub_alone(alice: ChatPage) -> None:
    cookies = alice.command("Network.getAllCookies")["cookies"]
    cookie = next(cookie for cookie in cookies if cookie["name"] == "mercureAuthorization")
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert cookie["path"] == "/.well-known/mercure"
    assert not cookie["session"]


def test_a_killed_hub_comes_back_and_nothing_is_missed(demo: Demo, alice: ChatPage, bob: ChatPage) -> None:
    tap = bob.tap([bob.settings()["topic"]])
    alice.send("Before the hub dies")
    wait_for("an event", lambda: bob.tapped(tap))

    # Held up, the supervisor cannot start another hub until the message has been sent.
    supervisor, hub = wait_for("the supervisor", demo.supervisor), wait_for("the hub", demo.hub)
    os.kill(supervisor, signal.SIGSTOP)
    try:
        os.kill(hub, signal.SIGKILL)
        for page in alice, bob:
            page.wait_for_state("polling")
        alice.send("While the hub is dead")
        alice.wait_for_message("While the hub is dead")
        bob.wait_for_message("While the hub is dead")
    finally:
        os.kill(supervisor, signal.SIGCONT)

    for page in alice, bob:
        page.wait_for_state("live")
    alice.send("After its return")
    bob.wait_for_message("After its return")
    wait_for("the last event", lambda: "After its return" in str(bob.tapped(tap)))
    texts = ["Before the hub dies", "While the hub is dead", "After its return"]
    assert [json.loads(data)["text"] for data in bob.tapped(tap)] == texts
    for page in alice, bob:
        assert [text for text in page.messages() if text in texts] == texts
        assert not page.was_reloaded()
    assert demo.hub() not in (None, hub)


def test_a_lost_cookie_is_renewed(demo: Demo, alice: ChatPage, bob: ChatPage) -> None:
    bob.command("Network.deleteCookies", name="mercureAuthorization", url=urljoin(bob.driver.current_url, bob.settings()["hubUrl"]))
    bob.driver.execute_script("""
        window.states = [];
        const pill = document.querySelector('.thread .state');
        new MutationObserver(() => states.push(pill.dataset.state)).observe(pill, { attributes: true });
    """)
    os.kill(wait_for("the hub", demo.hub), signal.SIGKILL)
    wait_for("the way back", lambda: bob.driver.execute_script("return states.includes('polling') && states.at(-1) === 'live'"))
    alice.send("With a new cookie")
    bob.wait_for_message("With a new cookie")


def test_what_is_written_offline_is_sent_once(alice: ChatPage, bob: ChatPage) -> None:
    network = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    bob.command("Network.enable")
    bob.command("Network.emulateNetworkConditions", offline=True, **network)
    bob.send("Written in a tunnel")
    bob.send("And another one")
    wait_for("the waiting messages", lambda: bob.outgoing() == ["Written in a tunnel", "And another one"])
    bob.command("Network.emulateNetworkConditions", offline=False, **network)
    alice.wait_for_message("And another one")
    wait_for("the end of waiting", lambda: not bob.outgoing())
    bob.wait_for_state("live")
    for page in alice, bob:
        assert page.messages()[-2:] == ["Written in a tunnel", "And another one"]


def test_pictures(people: dict[str, ChatPage], alice: ChatPage, bob: ChatPage) -> None:
    for page, scheme in (alice, "light"), (bob, "dark"):
        page.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        take_pictures(page, scheme)


def test_without_a_hub_the_page_polls(demo: Demo, alice: ChatPage, bob: ChatPage) -> None:
    supervisor = wait_for("the supervisor", demo.supervisor)
    os.kill(supervisor, signal.SIGKILL)
    wait_for("the end of the hub", lambda: demo.hub() is None)
    for page in alice, bob:
        page.wait_for_state("polling")
    alice.send("Nobody publishes this")
    bob.wait_for_message("Nobody publishes this")
    bob.send("But it is seen")
    alice.wait_for_message("But it is seen")
    assert alice.messages() == bob.messages()
    assert "saved, but not published" in demo.output()
    for page in alice, bob:
        assert page.state() == "polling"
        assert page.outgoing() == []
    take_pictures(alice, "polling")

    demo.revive()
    for page in alice, bob:
        page.wait_for_state("live")
        assert not page.was_reloaded()
    alice.send("Live again")
    bob.wait_for_message("Live again")


def test_ctrl_c_leaves_nothing_behind(demo: Demo) -> None:
    demo.stop()
    assert demo.hub() is None
    assert demo.supervisor() is None
    assert demo.runtime is None or not demo.runtime.exists()


def take_pictures(page: ChatPage, name: str) -> None:
    directory = os.environ.get("CHAT_SCREENSHOTS")
    if not directory:
        return
    Path(directory).mkdir(parents=True, exist_ok=True)
    for kind, size in {"phone": (390, 844), "desktop": (1280, 800)}.items():
        page.resize(*size)
        page.driver.save_screenshot(str(Path(directory) / f"{name}-{kind}.png"))
    page.resize(1280, 800)
