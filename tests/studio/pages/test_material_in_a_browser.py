"""The Material page in Chromium: by keys alone, with hostile texts, in any window."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving.page.browser import BINARY, Page, browser_page
from tests.stages.editing.edited_runs import EditedRun
from tests.studio.material.shop import make_shop
from tests.studio.studio_servers import RunningStudio, studio
from tunesmith.examples.edits.edit_log import EditLog

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.skipif(BINARY is None, reason="no Chromium on the path"),
]
READY = "document.readyState == 'complete' && document.querySelector('#material article.pair')"
NOW = "document.querySelector('#material article[aria-current]')"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> EditedRun:
    return make_shop(tmp_path_factory.mktemp("shop"), tiny_folder)


@pytest.fixture(scope="module")
def opened(shop: EditedRun) -> Iterator[RunningStudio]:
    with studio(shop.root) as one:
        yield one


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser_page(tmp_path_factory.mktemp("browser")) as one:
        yield one


def press(page: Page, key: str) -> None:
    """A letter, as a person presses it."""
    for kind in ("keyDown", "keyUp"):
        page.call(
            "Input.dispatchKeyEvent", type=kind, key=key, text=key if kind == "keyDown" else ""
        )


def log(shop: EditedRun) -> list[str]:
    """The kinds of the lines that were written."""
    return [edit.what for edit in EditLog.read(shop.root / "edits.jsonl").lines.values()]


def test_pairs_are_changed_by_keys_alone(
    shop: EditedRun, opened: RunningStudio, page: Page
) -> None:
    page.open(f"{opened.url}/material", READY)
    ids = page.run("[...document.querySelectorAll('article.pair')].map(one => one.dataset.pair)")
    press(page, "j")
    assert page.run(f"{NOW}.dataset.pair") == ids[0]
    press(page, "e")
    page.wait("document.activeElement.name == 'answer'")
    assert page.run("document.activeElement.value").startswith("Answer")
    page.run("document.activeElement.select()")
    page.type("Jawohl! rejm")
    page.run(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown',"
        " {key: 'Enter', ctrlKey: true, bubbles: true}))"
    )
    page.wait("document.querySelector('.said code')")
    page.wait(f"{NOW} && {NOW}.innerText.includes('Jawohl! rejm')")
    for key, said in (("j", ""), ("r", "--reject"), ("j", ""), ("j", ""), ("m", "--merge"),
                      ("u", "--undo 3"), ("j", ""), ("a", "--accept")):  # fmt: skip
        press(page, key)
        if said:
            page.wait(f"document.querySelector('.said code').innerText.includes('{said}')")
            page.wait(NOW)
    assert log(shop) == ["edit", "reject", "merge", "undo", "accept"]
    assert "rejected by" in page.run("document.querySelectorAll('article.pair')[1].innerText")
    press(page, "k")
    page.run("document.querySelector('a[rel=next]').focus()")
    assert page.complaints() == []


def test_texts_of_others_do_nothing(shop: EditedRun, opened: RunningStudio, page: Page) -> None:
    for view in ("pairs", "redactions", "contradictions", "dropped", "sources"):
        for kind in ("", "validation"):
            page.open(f"{opened.url}/material?view={view}&kind={kind}&page=9", "true")
            page.wait("document.querySelector('#material')")
            assert page.run("document.title") == "Tunesmith"
            assert (
                page.run("document.querySelectorAll('#material img, #material script').length") == 0
            )
    assert {one for one in page.requested() if not one.startswith(opened.url)} <= {"data:,"}
    assert page.complaints() == []


def test_no_window_is_too_narrow(opened: RunningStudio, page: Page) -> None:
    page.open(f"{opened.url}/material", READY)
    for width, scheme in ((390, "light"), (1440, "dark")):
        page.view(width, 900, scheme)
        assert page.run("document.documentElement.scrollWidth") <= width
