"""The Recipe and Training pages in a browser: by keyboard, in two tabs, with hostile text."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving.page.browser import BINARY, Page, browser_page
from tests.studio.pages.test_training_page import TRAINER
from tests.studio.studio_servers import RunningStudio, studio
from tunesmith.serving.tuning import job_process
from tunesmith.studio import draft_forecast
from tunesmith.studio.run_state import working_process

pytestmark = pytest.mark.skipif(BINARY is None, reason="no Chromium here")
TEXT = "# mine\nsources:\n  - path: a.md   # the first\ntraining:\n  epochs: 3  # passes\n"
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
FORECAST = 'import json; input(); print(json.dumps({"lines": ["Time <b>1 s</b>"]}))'
READY = (
    "document.querySelector('#gutter span') && document.querySelector('#mistakes-head').textContent"
)


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningStudio]:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "trainer.py").write_text(TRAINER)
    monkeypatch.setattr(job_process, "COMMAND", (sys.executable, "-S", str(folder / "trainer.py")))
    monkeypatch.setattr(draft_forecast, "COMMAND", (sys.executable, "-c", FORECAST))
    (folder / "one.yaml").write_text(TEXT)
    with studio(folder) as opened:
        yield opened
    if process := working_process(folder / "runs" / "one"):
        os.kill(process, signal.SIGKILL)


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with browser_page(tmp_path / "profile") as opened:
        yield opened


def text(page: Page) -> str:
    return str(page.run("document.querySelector('#text').value"))


def test_form_and_text_are_kept_in_step_and_nothing_is_lost(
    running: RunningStudio, page: Page
) -> None:
    page.open(f"{running.url}/recipe", READY)
    page.run("document.querySelector('[data-key-of=\"training.epochs\"]').select()")
    page.run("document.querySelector('[data-key-of=\"training.epochs\"]').focus()")
    page.type("0")
    page.press("Tab")
    page.wait("document.querySelector('#mistakes li')")
    assert text(page) == TEXT.replace("3", "0")
    assert page.run("document.querySelector('#gutter mark').textContent") == "5\n"
    page.click("#mistakes [data-line]")
    assert page.run("document.activeElement.selectionStart") == TEXT.index("  epochs")
    page.run("document.querySelector('#text').setSelectionRange(0, 0)")
    page.type(f"# {HOSTILE}\n")
    page.wait("document.querySelector('#gutter mark')?.textContent === '6\\n'")
    written = text(page)
    page.open(f"{running.url}/recipe?recipe=one.yaml", READY)
    assert text(page) == written, "what is not saved survives that the page is left"
    (running.folder / "one.yaml").write_text(TEXT + "# theirs\n")
    page.click("#save")
    page.wait("!document.querySelector('#conflict').hidden")
    assert page.run("document.querySelector('#theirs').textContent") == TEXT + "# theirs\n"
    page.press("Enter")  # the button that keeps mine has the focus
    page.wait("document.querySelector('#saved').textContent === 'Saved'")
    assert (running.folder / "one.yaml").read_text() == written
    page.run("const f = document.querySelector('[data-key-of=\"training.epochs\"]');"
             "f.value = '2'; f.dispatchEvent(new Event('change', {bubbles: true}))")  # fmt: skip
    page.wait("document.querySelector('#forecast').textContent === 'Time <b>1 s</b>'")
    assert page.run("document.title") == "one.yaml · Tunesmith"
    assert all(one.startswith(running.url) or one[:5] == "data:" for one in page.requested())
    assert [one for one in page.complaints() if "409" not in one] == []


@pytest.mark.slow
def test_a_run_is_begun_watched_and_stopped_by_keyboard(running: RunningStudio, page: Page) -> None:
    page.open(f"{running.url}/training", "document.querySelector('#settings')")
    page.run("document.querySelector('[action=\"/training/start\"] button').focus()")
    page.press("Enter")
    page.wait("document.querySelector('#live polyline')")
    run = running.folder / "runs" / "one"
    (run / "samples.jsonl").write_text(
        '{"step": 1, "example_id": "a", "question": "Q", "answer": "<img src=x>"}\n'
    )
    page.wait("document.querySelector('#live .card')")
    assert page.run("document.querySelectorAll('#live img').length") == 0
    for width in (390, 1440):
        page.view(width, 900)
        assert page.run("document.documentElement.scrollWidth") <= width
    page.run("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 's', bubbles: true}))")
    page.wait("document.querySelector('#controls')?.innerText.includes('Resume')")
    assert working_process(run) is None
    assert page.complaints() == []
