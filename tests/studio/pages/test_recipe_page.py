"""The Recipe page: form and YAML in step, mistakes at their lines, nobody's work lost."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.studio.studio_servers import RunningStudio, studio
from tunesmith import files
from tunesmith.recipe.load_recipe import load_recipe
from tunesmith.studio import draft_forecast
from tunesmith.studio.pages import recipe_page

TEXT = "# mine\nsources:\n  - path: a.md   # the first\ntraining:\n  epochs: 3  # passes\n"
WRITES = "import sys; open(sys.argv[1], 'w').write('sources: []')"
HOSTILE = "</textarea><script>alert(1)</script>\"'{{ 7*7 }}"


@pytest.fixture(scope="module")
def one_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    with studio(tmp_path_factory.mktemp("studio")) as opened:
        yield opened


@pytest.fixture
def running(one_studio: RunningStudio) -> RunningStudio:
    """With one recipe, as it was at first."""
    (one_studio.folder / "one.yaml").write_text(TEXT)
    return one_studio


def posted(opened: RunningStudio, path: str, text: str = TEXT, **terms: str) -> dict[str, Any]:
    reply = opened.post(path, {"recipe": "one.yaml", "text": text, **terms})
    found: dict[str, Any] = json.loads(reply.text)
    return found | {"status": reply.status}


def mark(opened: RunningStudio) -> str:
    return opened.get("/recipe").text.partition('data-seen="')[2].partition('"')[0]


def test_the_page_shows_every_key_with_its_meaning_beside_the_text(running: RunningStudio) -> None:
    page = running.get("/recipe?recipe=one.yaml").text
    assert "epochs: 3  # passes" in page
    assert 'id="f-training.learning_rate"' in page
    assert "its highest value, after the warm-up" in page
    assert 'id="f-sources.0.path"' in page
    assert 'id="f-training.method.lora.rank"' in page
    assert "tunesmith run one.yaml" in page


def test_a_field_changes_its_line_alone(running: RunningStudio) -> None:
    told = posted(running, "/recipe/draft", key="training.epochs", written="1")
    assert told["text"] == TEXT.replace("epochs: 3", "epochs: 1")
    assert told["command"] == "tunesmith run one.yaml --set training.epochs=1"
    assert told["fields"]["training.epochs"] == {"written": "1", "line": 5, "mistakes": ""}
    emptied = posted(running, "/recipe/draft", key="training.epochs", written="")
    assert emptied["text"] == TEXT.replace("  epochs: 3  # passes\n", "")
    assert (running.folder / "one.yaml").read_text() == TEXT, "nothing is saved unasked"


@pytest.mark.parametrize(
    ("key", "written", "line"),
    [
        ("model.name", "yes: no", "  name: 'yes: no'"),
        ("model.name", "12", '  name: "12"'),
        ("model.name", "a, {b}", '  name: "a, {b}"'),
        ("training.learning_rate", "2e-5", "  learning_rate: 2e-5"),
        ("evaluation.metrics", "[chrf]", "  metrics: [chrf]"),
        ("template.system", HOSTILE, f"  system: {json.dumps(HOSTILE)}"),
        ("template.system", "word " * 40 + "end", f'  system: "{"word " * 40}end"'),
    ],
)
def test_texts_are_quoted_where_they_would_mean_something_else(
    running: RunningStudio, key: str, written: str, line: str
) -> None:
    told = posted(running, "/recipe/draft", key=key, written=written)
    assert line in told["text"].splitlines()
    assert told["fields"][key]["written"] == written
    assert not told["problem"]


def test_mistakes_stand_at_their_line_and_at_their_field(running: RunningStudio) -> None:
    told = posted(running, "/recipe/draft", TEXT.replace("3", "-1") + "  rank: 8\n")
    assert [(one["line"], one["key"]) for one in told["mistakes"]] == [
        (5, "training.epochs"),
        (6, "training.rank"),
    ]
    assert "not allowed" in told["fields"]["training.epochs"]["mistakes"]
    broken = posted(running, "/recipe/draft", "sources: [", key="training.epochs", written="2")
    assert "not valid YAML" in broken["problem"]
    assert broken["text"] == "sources: ["
    assert broken["mistakes"][0]["line"] == 1


def test_a_source_more_brings_its_own_fields(running: RunningStudio) -> None:
    shape = running.get("/recipe").text.partition('data-shape="')[2].partition('"')[0]
    told = posted(running, "/recipe/draft", key="sources.1.path", written="b.csv", shape=shape)
    assert "  - path: b.csv\n" in told["text"]
    assert 'id="f-sources.1.path"' in told["form"]
    assert "form" not in posted(running, "/recipe/draft", told["text"], shape=told["shape"])


def test_what_two_tabs_write_is_not_lost(running: RunningStudio) -> None:
    seen, path = mark(running), running.folder / "one.yaml"
    first = posted(running, "/recipe/save", TEXT + "# first\n", seen=seen)
    assert first["status"] == 200
    second = posted(running, "/recipe/save", TEXT + "# second\n", seen=seen)
    assert second["status"] == 409
    assert second["theirs"]["text"] == path.read_text() == TEXT + "# first\n"
    over = posted(running, "/recipe/save", TEXT + "# second\n", seen=second["theirs"]["seen"])
    assert over["status"] == 200
    assert posted(running, "/recipe/save", TEXT + "# second\n", seen=seen)["status"] == 200
    assert path.read_text() == TEXT + "# second\n"
    path.unlink()
    assert running.post("/recipe/save", {"recipe": "one.yaml", "text": TEXT}).status == 404


def test_line_ends_and_the_byte_order_mark_of_the_file_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    with studio(tmp_path) as opened:
        changed = TEXT.replace("3", "4").replace("\n", "\r\n")  # as a form sends it
        assert posted(opened, "/recipe/save", changed, seen=mark(opened))["status"] == 200
    assert path.read_bytes() == b"\xef\xbb\xbf" + changed.encode()


def test_a_save_that_is_killed_leaves_the_old_text(
    running: RunningStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = mark(running)

    def killed(handle: int) -> None:
        raise OSError(5, "killed in the middle")

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", killed)
        told = posted(running, "/recipe/save", TEXT + "# new\n", seen=seen)
    assert told["status"] == 400
    assert "cannot be saved (killed in the middle)" in told["problem"]
    assert [one.name for one in running.folder.iterdir()] == ["one.yaml"]
    assert (running.folder / "one.yaml").read_text() == TEXT


def test_hostile_text_stays_text(running: RunningStudio) -> None:
    (running.folder / "one.yaml").write_text(
        f"sources:\n  - path: {json.dumps(HOSTILE)}\n# {HOSTILE}\n"
    )
    page = running.get("/recipe").text
    assert "<script>alert" not in page
    assert "{{ 7*7 }}" in page
    drawn = posted(running, "/recipe/draft", (running.folder / "one.yaml").read_text())
    assert "<script>alert" not in drawn["form"]
    for name in ("../one.yaml", "/etc/passwd", "one.yaml\x00", "<script>"):
        reply = running.post("/recipe/save", {"recipe": name, "text": "a", "seen": ""})
        assert reply.status == 404
        assert reply.headers["content-type"] == "application/json"


@pytest.mark.slow
def test_a_recipe_is_begun_as_init_does(tmp_path: Path) -> None:
    rows = (f'{{"question": "Q{at}?", "answer": "A {at}."}}\n' for at in range(9))
    (tmp_path / "faq.jsonl").write_text("".join(rows))
    with studio(tmp_path) as opened:
        made = opened.post("/recipe/begin", {"name": "faq.yaml", "data": "faq.jsonl"})
        assert (made.status, made.headers["location"]) == (303, "/recipe?recipe=faq.yaml")
        assert load_recipe(tmp_path / "faq.yaml").sources[0].path == "faq.jsonl"
        (tmp_path / "bad.zip").write_bytes(b"PK")
        refused = opened.post("/recipe/begin", {"name": "new.yaml", "data": "bad.zip"})
        assert refused.status == 400
        assert "bad.zip" in refused.text


def test_no_recipe_is_begun_over_another_or_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe_page, "INIT", (sys.executable, "-c", WRITES))
    with studio(tmp_path) as opened:
        assert "tunesmith init --data FILE" in opened.get("/recipe").text
        assert opened.post("/recipe/begin", {"name": "one.yaml", "data": ""}).status == 303
        for name in ("one.yaml", "../up.yaml", ".hidden.yaml", "a.txt", "", "--force.yaml"):
            assert opened.post("/recipe/begin", {"name": name, "data": ""}).status == 400
        lost = opened.post("/recipe/begin", {"name": "new.yaml", "data": "gone.csv"})
        assert lost.status == 404
        assert "no such data" in lost.text
    assert [one.name for one in tmp_path.iterdir()] == ["one.yaml"]


ANSWERS = (
    'import sys, json; job = json.loads(input()); print(json.dumps({"lines": [job["text"][:6]]}))'
)
FAILS = "import sys; sys.exit('no memory')"


@pytest.mark.parametrize(("program", "part"), [(ANSWERS, '"# mine"'), (FAILS, "no memory")])
def test_the_forecast_is_that_of_a_process_of_its_own(
    running: RunningStudio, monkeypatch: pytest.MonkeyPatch, program: str, part: str
) -> None:
    monkeypatch.setattr(draft_forecast, "COMMAND", (sys.executable, "-c", program))
    reply = running.post("/recipe/forecast", {"recipe": "one.yaml", "text": TEXT})
    assert part in reply.text
    wrong = running.post("/recipe/forecast", {"recipe": "one.yaml", "text": "sources: 1"})
    assert json.loads(wrong.text) == {"problem": ""}
