"""The chat page: its files and their policy; in a browser, what a person does with it."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.generation.tiny_responders import gpt2_responder
from tests.serving.page.browser import BINARY, Page, browser_page
from tests.serving.tiny_servers import KEY, RECIPE, TinyServer, hosted, hosted_models, running
from tunesmith.serving.guards import Door
from tunesmith.serving.hosted_model import HostedModel
from tunesmith.serving.serving_limits import ServingLimits

HOSTILE = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
READY = "document.querySelector('#models input')"
IDLE = (
    "!document.querySelector('.is-writing') && document.querySelector('.turn:last-of-type .copy')"
)
CARDS = "[...document.querySelectorAll('.turn:last-of-type .answer')]"
in_a_browser = [
    pytest.mark.slow,
    pytest.mark.skipif(BINARY is None, reason="no Chromium on the path"),
]


def models(folder: Path) -> list[HostedModel]:
    """One that ends soon, one of many turns, one that writes for seconds; of a run."""
    slow = gpt2_responder(
        4096, RECIPE.model_copy(update={"max_new_tokens": 3000}), template="chatml"
    )
    slow.tokenizer.control_ids.clear()
    found = [*hosted_models()[:2], hosted("slow <b>model</b>", slow)]
    return [replace(one, feedback=folder / "feedback.jsonl") for one in found]


def test_the_page_is_three_files_under_a_policy_that_allows_nothing_else() -> None:
    with running(hosted_models()[:1], door=Door(key=KEY, hosts=None)) as server:
        page, script, style = (server.send("GET", path) for path in ("/", "/chat.js", "/chat.css"))
    for got in (page, script, style):
        assert got.status == 200
        policy = got.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        assert "//" not in policy
        assert got.headers["x-content-type-options"] == "nosniff"
        assert not re.search(r"(?:src|href|url)\W{1,3}(?:https?:|//)", got.text)
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script>|javascript:", page.text)
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|\beval\b|document\.write", script.text
    )


def test_a_model_says_whether_its_template_has_turns_and_a_place_for_an_input(
    tmp_path: Path,
) -> None:
    told = [one.to_json() for one in models(tmp_path)]
    turns = {one["id"]: one["takes_conversations"] for one in told}
    assert turns == {"alpaca": False, "chatml": True, "slow <b>model</b>": True}
    assert [one["takes_input"] for one in told] == [True, False, False]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[TinyServer]:
    with running(models(folder), limits=ServingLimits(drain_seconds=1)) as one:
        yield one


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser_page(tmp_path_factory.mktemp("browser")) as page:
        yield page


@pytest.fixture
def page(browser: Page, server: TinyServer) -> Page:
    """The page, as if it were opened for the first time."""
    browser.view(1440, 900)
    browser.open(f"{server.url}/chat.css", "document.body")
    browser.run("sessionStorage.clear(); localStorage.clear()")
    browser.told.clear()
    browser.open(server.url, READY)
    return browser


def ask(page: Page, text: str) -> None:
    page.run("document.querySelector('#question').focus()")
    page.type(text)
    page.press("Enter")


def choose(page: Page, *names: str) -> None:
    boxes = f"[...document.querySelectorAll('#models input')].forEach(b => {{ if (b.checked !== {json.dumps(names)}.includes(b.value)) b.click(); }})"  # noqa: E501
    page.run(boxes)


def answers(page: Page) -> list[str]:
    found: list[str] = page.run(f"{CARDS}.map(c => c.querySelector('.text').textContent)")
    return found


def expected(server: TinyServer, model: str, *texts: str) -> str:
    roles = ["user", "assistant"] * len(texts)
    said = [{"role": role, "content": text} for role, text in zip(roles, texts, strict=False)]
    answer: str = server.chat(model=model, messages=said).json()["choices"][0]["message"]["content"]
    return answer or "(empty)"


class TestInABrowser:
    pytestmark = in_a_browser

    def test_models_answer_side_by_side_each_in_its_own_conversation(
        self, page: Page, server: TinyServer
    ) -> None:
        ask(page, "One?")
        page.wait(IDLE)
        first = answers(page)
        assert first == [expected(server, name, "One?") for name in ("alpaca", "chatml")]
        ask(page, "Two?")
        page.wait(IDLE)
        alone, whole = answers(page)
        assert alone == expected(server, "alpaca", "Two?")
        assert whole == expected(server, "chatml", "One?", first[1], "Two?")
        assert page.run(f"{CARDS}.map(c => c.querySelector('.who').textContent)[0]").endswith(
            "read this question alone"
        )
        choose(page, "chatml")
        ask(page, "Three?")
        page.wait(IDLE)
        assert len(answers(page)) == 1

    def test_an_input_goes_where_alpaca_has_its_place(self, page: Page, server: TinyServer) -> None:
        choose(page, "chatml")
        assert page.run("document.querySelector('#input').hidden")
        choose(page, "alpaca")
        page.run("document.querySelector('#input').focus()")
        page.type("Some text.")
        ask(page, "Sum up")
        page.wait(IDLE)
        said = [{"role": "user", "content": "Sum up", "input": "Some text."}]
        got = server.chat(model="alpaca", messages=said).json()["choices"][0]["message"]["content"]
        assert answers(page) == [got]
        page.open(f"{server.url}/?again", f"{READY} && document.querySelector('.asked .input')")
        assert page.run("document.querySelector('.asked .input').textContent") == "Some text."
        turns = json.loads(page.run("sessionStorage['tunesmith-talk']"))["turns"]
        assert turns[0]["answers"]["alpaca"]["messages"] == said

    def test_text_comes_while_it_is_written_and_escape_stops_it(
        self, page: Page, server: TinyServer
    ) -> None:
        choose(page, "slow <b>model</b>")
        ask(page, "Go on")
        page.wait(f"{CARDS}[0]?.querySelector('.text').textContent.length > 3")
        assert page.run("!document.querySelector('#stop').hidden")
        assert server.service.engine.num_open == 1
        ask(page, "Too early")
        assert "Esc" in page.run("document.querySelector('#told').textContent")
        page.press("Escape")
        page.wait(IDLE)
        page.wait("document.querySelector('.who').textContent.includes('stopped')")
        shown = answers(page)[0]
        assert shown
        while server.service.engine.num_open:
            pass
        assert answers(page)[0] == shown

    def test_shift_enter_begins_a_line_and_blanks_ask_nothing(self, page: Page) -> None:
        ask(page, "  ")
        assert page.run("document.querySelectorAll('.turn').length") == 0
        page.run("document.querySelector('#question').value = ''")
        page.type("a")
        page.press("Enter", shift=True)
        page.type("b")
        assert page.run("document.querySelector('#question').value") == "a\nb"

    def test_a_thumb_and_a_correction_are_kept_and_survive_a_reload(
        self, page: Page, server: TinyServer, folder: Path
    ) -> None:
        kept = folder / "feedback.jsonl"
        kept.unlink(missing_ok=True)
        page.run("document.querySelector('#system').value = 'Be brief.'")
        page.run("document.querySelector('#system').dispatchEvent(new Event('input'))")
        choose(page, "chatml")
        ask(page, "One?")
        page.wait(IDLE)
        page.click(".down")
        page.wait("document.querySelector('.kept')")
        page.click(".fix")
        page.run("document.activeElement.select()")
        page.type(HOSTILE)
        page.click(".correct .strong")
        page.wait("document.querySelector('.corrected')")
        page.open(f"{server.url}/?again", f"{READY} && document.querySelector('.corrected')")
        assert page.run("document.querySelector('.corrected .text').textContent") == HOSTILE
        assert page.run("document.querySelector('.down').ariaPressed") == "true"
        rows = [json.loads(line) for line in kept.read_text().split("\n") if line]
        assert [one["thumb"] for one in rows] == ["down", "down"]
        assert rows[0]["answer_id"] == rows[1]["answer_id"] is not None
        assert rows[1]["correction"] == HOSTILE
        assert [one["role"] for one in rows[1]["messages"]] == ["system", "user"]

    def test_hostile_text_is_text_wherever_it_stands(self, page: Page, server: TinyServer) -> None:
        choose(page, "slow <b>model</b>", "alpaca")
        ask(page, HOSTILE)
        page.wait(f"{CARDS}[0]?.querySelector('.text').textContent")
        page.press("Escape")
        page.wait(IDLE)
        page.run(
            f"(() => {{ const s = JSON.parse(sessionStorage['tunesmith-talk']);"
            f"for (const a of Object.values(s.turns[0].answers)) a.text = a.fault = {HOSTILE!r};"
            "addEventListener('pagehide', () => sessionStorage['tunesmith-talk'] = JSON.stringify(s)); })()"  # noqa: E501
        )
        page.open(f"{server.url}/?again", f"{READY} && document.querySelector('.fault')")
        assert answers(page) == [HOSTILE] * 2
        assert page.run("document.querySelectorAll('img, b > *, main script, label b').length") == 0
        assert page.run("document.title") == "Tunesmith chat"
        assert page.complaints() == []
        assert all(one.startswith(server.url) for one in page.requested() if "data:" not in one)

    def test_retry_draws_anew_and_what_is_copied_asks_the_same(
        self, page: Page, server: TinyServer, tmp_path: Path
    ) -> None:
        page.run(
            "Object.defineProperty(navigator, 'clipboard', {value: {writeText: async (t) => { window.copied = t; }}})"  # noqa: E501
        )
        page.run("document.querySelector('#temperature').value = '1.5'")
        page.run("document.querySelector('#temperature').dispatchEvent(new Event('input'))")
        choose(page, "chatml")
        ask(page, 'It\'s "quoted" \\ and $HOME?')
        page.wait(IDLE)
        first = answers(page)
        page.click(".retry")
        page.wait(f"{IDLE} && {CARDS}[0].querySelector('.text').textContent !== {first[0]!r}")
        page.click(".curl")
        page.wait("window.copied")
        got = subprocess.run(
            ["bash", "-c", page.run("copied")], capture_output=True, check=True, timeout=20
        )
        told = json.loads(got.stdout)["choices"][0]["message"]["content"]
        assert told == answers(page)[0]
        page.run("window.copied = ''")
        page.click(".python")
        page.wait("window.copied")
        (tmp_path / "call.py").write_text(page.run("copied"))
        ran = subprocess.run(
            [sys.executable, tmp_path / "call.py"], capture_output=True, check=True, timeout=60
        )
        assert ran.stdout.decode() == told + "\n"

    def test_a_server_that_is_gone_is_named_and_nothing_is_lost(
        self, page: Page, folder: Path
    ) -> None:
        with running(models(folder)[:1], limits=ServingLimits(drain_seconds=1)) as other:
            page.open(other.url, READY)
            ask(page, "One?")
            page.wait(IDLE)
        ask(page, "Two?")
        page.wait("document.querySelector('.fault')")
        assert "cannot be reached" in page.run("document.querySelector('.fault').textContent")
        page.click(".turn:first-of-type .up")
        page.wait("document.querySelectorAll('.fault').length == 2")
        assert page.run("document.querySelectorAll('.asked').length") == 2
        assert page.run("document.querySelector('.up').ariaPressed") == "false"

    def test_the_key_is_asked_for_once_and_kept_in_the_tab(self, page: Page, folder: Path) -> None:
        with running(models(folder), door=Door(key=KEY)) as other:
            page.open(other.url, "document.querySelector('#door[open]')")
            for key in ("wrong-key-of-many-letters", KEY):
                page.run("document.querySelector('#key').focus()")
                page.type(key)
                page.press("Enter")
                page.wait(READY if key == KEY else "document.querySelector('#door[open]')")
            page.open(f"{other.url}/?again", READY)
            ask(page, "One?")
            page.wait(IDLE)
            assert page.run("document.querySelector('#door').open") is False
            assert KEY not in page.run(
                "JSON.stringify(localStorage) + sessionStorage['tunesmith-talk']"
            )

    def test_it_fits_a_phone_and_follows_the_readers_light(self, page: Page) -> None:
        def paper() -> Any:
            return page.run("getComputedStyle(document.body).backgroundColor")

        ask(page, "word" * 200)
        page.wait(IDLE)
        for width in (390, 1440):
            page.view(width, 844)
            assert page.run("document.documentElement.scrollWidth") == width
            assert page.run("document.querySelector('main').scrollWidth") <= width
        light = paper()
        page.view(390, 844, "dark")
        dark = paper()
        assert light != dark
        page.click("#theme")
        assert paper() == light
        page.open(page.run("location.href"), READY)
        assert paper() == light

    def test_the_tab_key_leads_through_all_controls_with_a_ring(self, page: Page) -> None:
        ask(page, "One?")
        page.wait(IDLE)
        page.run("document.querySelector('#talk').focus()")
        seen = []
        for _ in range(7):
            page.press("Tab")
            seen.append(page.run("document.activeElement.className"))
            assert page.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        assert seen == ["up", "down", "fix", "retry", "copy", "curl", "python"]
