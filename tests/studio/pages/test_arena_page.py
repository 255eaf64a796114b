"""The Arena page: no names before the choice, one line a choice, keys alone, hostile texts."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving.page.browser import BINARY, browser_page
from tests.stages.reviewing.test_arena_desk import arena_run
from tests.studio.studio_servers import RunningStudio, studio
from tunesmith.files import read_json_lines, write_json_lines
from tunesmith.line_log import read_lines
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.reviewing.review_files import review_files

HOSTILE = '</div><script>window.hit = 1</script><img src="https://evil.example/x" onerror="hit=1">'
READY = (
    "window.htmx && document.readyState === 'complete' "
    "&& document.querySelector('progress')?.value == {done}"
)
RUN, COOKIE = "runs/mine", "tunesmith_author=ann"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningStudio]:
    files = review_files(arena_run(tmp_path))
    answers = list(read_json_lines(files.answers("base")))
    hostile = [{**one, "text": f"{one['text']} {HOSTILE}"} for one in answers]
    write_json_lines(files.answers("base"), hostile)
    with studio(tmp_path) as one:
        yield one


def form_of(text: str) -> dict[str, str]:
    """What the page would send of the pair that it shows."""
    found = dict(re.findall(r'name="(run|row|answers)" value="([^"]*)"', text))
    return {**found, "run": RUN}


def test_a_choice_is_a_line_and_only_then_are_names_shown(running: RunningStudio) -> None:
    before = running.get("/arena", cookie=COOKIE).text
    assert "tunesmith arena runs/mine" in before
    assert not re.search(r"\b(base|tuned)\b", before)
    assert "<script>window" not in before
    form = form_of(before)
    after = running.post("/arena/vote", {**form, "choice": "left"}, cookie=COOKIE, hx_request="1")
    assert after.status == 200
    assert "1 of 12 pairs chosen" in after.text
    (line,) = read_lines(running.folder / "votes.jsonl")
    assert line is not None
    assert (
        f"left was {line['left']}, right was {line['right']}; you said the left one" in after.text
    )
    assert (line["author"], line["example_id"]) == ("ann", form["row"])
    back = running.post("/arena/back", {"run": RUN}, cookie=COOKIE, hx_request="1")
    assert "0 of 12" in back.text
    assert form_of(back.text) == form


@pytest.mark.parametrize(
    "change",
    [{"choice": "best"}, {"row": "0" * 16}, {"answers": "0" * 16}, {"run": "../x"}, {"choice": ""}],
)
def test_what_makes_no_sense_is_refused_and_writes_nothing(
    running: RunningStudio, change: dict[str, str]
) -> None:
    form = {**form_of(running.get("/arena").text), "choice": "left", **change}
    reply = running.post("/arena/vote", form, hx_request="1")
    assert 400 <= reply.status < 500
    assert 'class="problem"' in reply.text
    assert running.post("/arena/back", {"run": RUN}, hx_request="1").status == 422
    assert not (running.folder / "votes.jsonl").exists()


def test_an_answer_that_changed_meanwhile_is_not_voted_on(running: RunningStudio) -> None:
    form = {**form_of(running.get("/arena").text), "choice": "left"}
    files = review_files(RunFolder(running.folder / RUN))
    changed = [{**one, "text": "Anew."} for one in read_json_lines(files.answers("base"))]
    write_json_lines(files.answers("base"), changed)
    assert running.post("/arena/vote", form, hx_request="1").status == 422
    assert not (running.folder / "votes.jsonl").exists()


def test_with_one_model_the_command_for_the_other_is_shown(running: RunningStudio) -> None:
    review_files(RunFolder(running.folder / RUN)).answers("base").unlink()
    reply = running.get("/arena")
    assert reply.status == 404
    assert "--model base" in reply.text


@pytest.mark.skipif(BINARY is None, reason="no Chromium here")
def test_keys_alone_choose_and_no_answer_runs(running: RunningStudio, tmp_path: Path) -> None:
    with browser_page(tmp_path / "browser") as page:
        page.open(f"{running.url}/arena", READY.format(done=0))
        for done, key in enumerate(("1", "2", "0", "b", "1"), start=1):
            event = f"new KeyboardEvent('keydown', {{key: '{key}', bubbles: true}})"
            page.run(f"document.body.dispatchEvent({event})")
            page.wait(READY.format(done=done))
        assert page.run("window.hit === undefined")
        assert not any("evil.example" in address for address in page.requested())
    choices = [line["choice"] for line in read_lines(running.folder / "votes.jsonl") if line]
    assert choices == ["left", "right", "tie", "both bad", "left"]
