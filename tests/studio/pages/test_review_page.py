"""The Review page writes what is said, shows the next answer, and can be used by keys alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving.page.browser import BINARY, Page, browser_page
from tests.stages.reviewing.tiny_review import reviewable_run
from tests.studio.studio_servers import RunningStudio, studio
from tunesmith.files import read_json_lines, write_json_lines
from tunesmith.line_log import read_lines
from tunesmith.stages.reviewing.review_desk import ReviewDesk
from tunesmith.stages.reviewing.review_files import review_files

HOSTILE = '</div><script>window.hit = 1</script><img src="https://evil.example/x" onerror="hit=1">'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = reviewable_run(tmp_path)
    files = review_files(place)
    rows = [*read_json_lines(files.rows)]
    for row in rows:
        row["instruction"] += f" {HOSTILE}"
        row.pop("id")
    from tunesmith.examples.example import Example

    examples = [Example.from_json(row) for row in rows]
    write_json_lines(files.rows, (one.to_json() for one in examples))
    answers = [*read_json_lines(files.answers("tuned"))]
    for one, answer in zip(examples, answers, strict=True):
        answer |= {"example_id": one.id, "text": f"{answer['text']} {HOSTILE}"}
    write_json_lines(files.answers("tuned"), answers)
    return tmp_path


@pytest.fixture
def running(folder: Path) -> Iterator[RunningStudio]:
    with studio(folder) as one:
        yield one


def desk(folder: Path) -> ReviewDesk:
    from tunesmith.stages.execution.run_folder import RunFolder

    return ReviewDesk(RunFolder(folder / "runs" / "mine"), author="ann")


def said_of(running: RunningStudio) -> dict[str, str]:
    """The form of the row that the desk would show next."""
    row = desk(running.folder).next()
    assert row is not None
    return {"run": "runs/mine", "row": row.id, "answer": row.key[1]}


COOKIE = "tunesmith_author=ann"
KEY = "new KeyboardEvent('keydown', {{key: '{key}', bubbles: true}})"
ROW = "document.querySelector('#wrong [name=row]')?.value"
PRESS = f"document.body.dispatchEvent({KEY})"


def test_what_is_said_is_a_line_of_the_file(running: RunningStudio, folder: Path) -> None:
    form = said_of(running)
    said = {**form, "judgement": "wrong", "kind": "unit", "note": "km", "correction": "It is 3 km."}
    reply = running.post("/review/say", said, cookie=COOKIE, hx_request="true")
    assert reply.status == 200
    assert "1 of 60 answers reviewed" in reply.text
    assert "<!doctype" not in reply.text
    (line,) = read_lines(folder / "reviews.jsonl")
    assert line is not None
    assert {"author": "ann", "kind": "unit", "correction": "It is 3 km."}.items() <= line.items()
    assert "tunesmith review runs/mine" in running.get("/review", cookie=COOKIE).text
    taken = running.post("/review/back", {"run": "runs/mine"}, cookie=COOKIE)
    assert "0 of 60" in taken.text
    assert desk(folder).reviewed() == {}


def test_later_is_no_word(running: RunningStudio, folder: Path) -> None:
    form = said_of(running)
    reply = running.post("/review/say", {**form, "judgement": "later"}, cookie=COOKIE)
    assert f'name="skipped" value="{form["row"]}"' in reply.text
    assert f'name="row" value="{form["row"]}"' not in reply.text
    assert not (folder / "reviews.jsonl").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"judgement": "great"}, {"row": "0" * 16}, {"answer": "0" * 16}, {"more": "1"},
        {"run": "runs/none"}, {"run": "../x"}, {"judgement": "wrong", "kind": "k" * 90},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_and_writes_nothing(
    running: RunningStudio, folder: Path, change: dict[str, str]
) -> None:
    form = {**said_of(running), "judgement": "right", **change}
    reply = running.post("/review/say", form, cookie=COOKIE, hx_request="true")
    assert 400 <= reply.status < 500
    assert 'class="problem"' in reply.text
    assert not (folder / "reviews.jsonl").exists()


def test_two_people_are_kept_apart(running: RunningStudio, folder: Path) -> None:
    form = said_of(running)
    running.post("/review/say", {**form, "judgement": "right"}, cookie=COOKIE)
    other = running.post("/review/author", {"author": "Bö", "run": "runs/mine"})
    cookie = other.headers["set-cookie"].partition(";")[0]
    assert "0 of 60" in running.get("/review", cookie=cookie).text
    running.post("/review/say", {**form, "judgement": "right"}, cookie=cookie)
    assert desk(folder).book.authors() == ["Bö", "ann"]
    assert "counted apart: ann" in running.get("/review", cookie=cookie).text


def test_tasks_are_shown_and_the_next_recipe_is_written(
    running: RunningStudio, folder: Path
) -> None:
    before = running.get("/next", cookie=COOKIE)
    assert before.status == 422
    assert "nobody has reviewed" in before.text
    for _ in range(12):
        form = {**said_of(running), "judgement": "wrong", "kind": "all", "correction": "It is so."}
        running.post("/review/say", form, cookie=COOKIE)
    shown = running.get("/next?run=runs/mine", cookie=COOKIE)
    assert "corrected answers are added" in shown.text
    assert not (folder / "round-2.yaml").exists()
    written = running.post("/next", {"run": "runs/mine"}, cookie=COOKIE, hx_request="true")
    assert "round-2.yaml" in written.text
    assert (folder / "round-2.yaml").exists()
    again = running.post("/next", {"run": "runs/mine"}, cookie=COOKIE, hx_request="true")
    assert again.status == 400
    assert "exists already" in again.text


def press_through(page: Page, key: str, told: str) -> None:
    """Press a key, and wait for the next answer: it is shown, and nothing is being asked."""
    before = page.run(ROW)
    page.run(PRESS.format(key=key))
    page.wait(f"{ROW} !== {before!r} && document.body.innerText.includes({told!r})")
    page.wait("!document.querySelector('.htmx-request, .htmx-settling')")


@pytest.mark.skipif(BINARY is None, reason="no Chromium here")
def test_a_person_reviews_by_keys_alone_and_no_text_runs(
    running: RunningStudio, folder: Path, tmp_path: Path
) -> None:
    with browser_page(tmp_path / "profile") as page:
        page.open(f"{running.url}/review", "window.htmx && document.querySelector('[data-key=r]')")
        press_through(page, "r", "1 of 60")
        page.run(PRESS.format(key="w"))
        page.wait("document.activeElement.id === 'kind'")
        page.type("wrong unit")
        page.press("Enter")
        page.wait("document.body.innerText.includes('2 of 60')")
        page.wait("document.body.innerText.includes('wrong unit')")
        page.run("window.old = 1; location.reload()")
        page.wait("!window.old && window.htmx && document.body?.innerText.includes('2 of 60')")
        for key, told in (("b", "1 of 60"), ("s", "1 of 60"), ("u", "2 of 60")):
            press_through(page, key, told)
        page.run("document.querySelector('#wrong').requestSubmit()")
        page.wait("document.querySelector('#problem .problem')")
        page.run(PRESS.format(key="s"))
        page.wait("document.querySelector('#problem:empty')")
        assert page.run("window.hit") is None
        assert {
            url for url in page.requested() if running.url not in url and "data:" not in url
        } == set()
        assert [one for one in page.complaints() if "(Bad Request)" not in one] == []
    said = [one.get("judgement") for one in read_lines(folder / "reviews.jsonl") if one]
    assert said == ["right", "wrong", None, "unsure"]
