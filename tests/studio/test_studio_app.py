"""The studio's frame: who comes in, what it shows of a folder, and what no text can make it do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.studio.studio_servers import RunningStudio, studio
from tunesmith.errors import MissingError
from tunesmith.files import write_json
from tunesmith.studio.studio_app import TABS
from tunesmith.studio.workspace import Workspace

KEY = "a-key-of-many-letters-0123456789"
HOSTILE = '<img src=x onerror="alert(1)">{{ 7*7 }}'


def add_run(folder: Path, name: str) -> Path:
    """A run that has begun."""
    run = folder / name
    run.mkdir(parents=True)
    write_json(run / "tunesmith-run.json", {"schema": 1, "kind": "run"})
    return run


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    folder = tmp_path_factory.mktemp("studio")
    add_run(folder, "runs/mine")
    add_run(folder, f"runs/{HOSTILE.replace('/', '')}")
    (folder / "recipe.yaml").write_text("sources: [{path: a.md}]\n")
    (folder / "compose.yaml").write_text("services: {}\n")
    (folder / "notes").mkdir()
    with studio(folder) as one:
        yield one


def test_recipes_and_runs_of_the_folder_are_shown_and_nothing_else(running: RunningStudio) -> None:
    text = running.get("/").text
    assert "runs/mine" in text
    assert "recipe.yaml" in text
    assert "compose.yaml" not in text
    assert "tunesmith studio" in text


def test_foreign_text_stays_text(running: RunningStudio) -> None:
    text = running.get("/").text
    assert "<img" not in text
    assert "{{ 7*7 }}" in text
    for tab in TABS:
        reply = running.get(f"{tab.path}?run=%3Cscript%3E&recipe=%3Cscript%3E&x=%00")
        assert reply.status < 500
        assert "<script>" not in reply.text


def test_no_page_runs_what_is_written_in_it(running: RunningStudio) -> None:
    for tab in TABS:
        reply = running.get(tab.path)
        policy = reply.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "style=" not in reply.text
        assert " onclick" not in reply.text


def test_nobody_else_is_let_in(running: RunningStudio, tmp_path: Path) -> None:
    assert running.get("/", host="evil.example").status == 403
    assert running.post("/enter", {"key": "a"}, origin="http://evil.example").status == 403
    with studio(tmp_path, key=KEY) as locked:
        for tab in TABS:
            assert locked.get(tab.path).status == 401
        assert locked.get("/enter").status == 200
        assert locked.get("/static/studio.css").status == 200
        entered = locked.post("/enter", {"key": KEY})
        assert "HttpOnly" in entered.headers["set-cookie"]
        cookie = entered.headers["set-cookie"].partition(";")[0]
        assert locked.get("/", cookie=cookie).status == 200
        assert locked.get("/", cookie=cookie + "x").status == 401


def test_only_known_files_are_sent(running: RunningStudio) -> None:
    for path in ("/static/../studio_app.py", "/static/..%2fframe.py", "/static/frame.html"):
        assert running.get(path).status == 404


def test_a_run_is_opened_by_the_folder_that_holds_it(tmp_path: Path) -> None:
    run = add_run(tmp_path, "runs/mine")
    assert Workspace.around(run).folder == tmp_path.resolve()
    with pytest.raises(MissingError, match="no such folder"):
        Workspace.around(tmp_path / "missing")
    with pytest.raises(MissingError, match=r"no run is called '\.\./mine'"):
        Workspace.around(tmp_path).run("../mine")
    assert Workspace.around(tmp_path).run(None).path == run.resolve()


def test_pages_are_in_the_language_that_the_browser_wants(running: RunningStudio) -> None:
    text = running.get("/", accept_language="zh-CN,zh;q=0.9,en;q=0.5").text
    assert '<html lang="zh-Hans">' in text
    assert "这里有什么" in text
    assert "What is here" not in text
    assert "runs/mine" in text
    text = running.get("/", accept_language="fr, en;q=0.5").text
    assert '<html lang="en">' in text
    assert "What is here" in text


def test_each_page_stands_once_in_the_list() -> None:
    assert len({tab.path for tab in TABS}) == len(TABS)
