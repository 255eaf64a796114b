"""A run's name -> a server that says what the run was measured to say, or a clear refusal."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tunesmith.errors import MissingError, RecipeError, RefusedError, TunesmithError
from tunesmith.files import read_json, read_json_lines, write_json
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.serving.serving_limits import ServingLimits
from tunesmith.stages.answer import answer
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.hosting import serve_options as hosting
from tunesmith.stages.hosting.open_server import OpenServer, open_server
from tunesmith.stages.hosting.serve_options import ServeOptions
from tunesmith.stages.responders.model_names import run_responder
from tunesmith.stages.train import train

FREE = ServeOptions(port=0, limits=ServingLimits(drain_seconds=2))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> RunFolder:
    """A run that was tuned and asked, with a stop string and a short limit."""
    root = tmp_path_factory.mktemp("served")
    data = write_rows(root / "rows.jsonl", colour_rows(20))
    recipe = make_recipe(
        tiny_folder,
        data,
        examples={"split": {"validation": 0.2, "test": 0.2}},
        training={"steps": 1, "learning_rate": 1e-2},
        generation={"max_new_tokens": 7, "stop": ["###"]},
    )
    folder = run_folder(root / "mine")
    run = opened(recipe, folder, recipe_folder=root, progress=Talk())
    train(run)
    answer(run)
    return folder


@contextmanager
def _serving(server: OpenServer) -> Iterator[str]:
    thread = threading.Thread(target=server.server.run)
    thread.start()
    try:
        yield server.told.url
    finally:
        server.server.stop()
        thread.join(timeout=20)


def _ask(url: str, model: str, text: str) -> dict[str, Any]:
    body = {"model": model, "messages": [{"role": "user", "content": text}]}
    request = Request(f"{url}/v1/chat/completions", json.dumps(body).encode())
    with urlopen(request, timeout=20) as reply:
        found: dict[str, Any] = json.load(reply)
    return found


def test_a_run_serves_its_models_as_they_were_measured(run: RunFolder) -> None:
    server = open_server([str(run.path)], FREE)
    told = "\n".join(server.told.summary)
    assert server.told.models == ("tuned", "base")
    assert f"OPENAI_BASE_URL={server.told.url}/v1" in told
    assert f"curl {server.told.url}/v1/chat/completions" in told
    assert f"tunesmith check {server.told.url}/v1 {run.path} --model tuned" in told
    assert server.told.to_dict()["url"] == server.told.url
    rows = list(read_json_lines(run.examples("test")))
    with _serving(server) as url:
        for model in ("tuned", "base"):
            said = {one["example_id"]: one for one in read_json_lines(run.completions(model))}
            for row in rows:
                answer = _ask(url, model, row["instruction"])
                choice, measured = answer["choices"][0], said[row["id"]]
                assert measured.get("has_near_tie") or (
                    choice["message"]["content"],
                    answer["usage"]["completion_tokens"],
                    choice["finish_reason"],
                ) == (measured["text"], measured["num_tokens"], measured["finish_reason"])


def test_several_models_are_offered_under_their_last_names(
    run: RunFolder, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(run.path)
    server = open_server([".", str(tiny_folder)], FREE)
    assert server.told.models == ("mine", tiny_folder.name)
    with _serving(server) as url:
        assert _ask(url, "mine", "Hello")["model"] == "mine"


def _refusal(names: list[str], options: ServeOptions) -> TunesmithError:
    with pytest.raises(TunesmithError) as caught:
        open_server(names, options)
    return caught.value


def test_a_run_that_is_not_tuned_says_what_to_do(run: RunFolder, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("tunesmith-run.json", "recipe.yaml", "manifest.json"):
        (bare / name).write_bytes((run.path / name).read_bytes())
    error = _refusal([str(bare)], FREE)
    assert isinstance(error, MissingError)
    assert "no tuned model" in str(error)
    assert "tunesmith train" in str(error)
    assert isinstance(_refusal([str(tmp_path / "nothing")], FREE), MissingError)


def test_an_address_that_is_taken_is_refused_with_a_cure(tiny_folder: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        error = _refusal([str(tiny_folder)], ServeOptions(port=taken.getsockname()[1]))
    assert error.exit_code == 2
    assert "--port" in str(error)
    assert _refusal([str(tiny_folder)], ServeOptions(host="256.1.1.1", key_env=None)).exit_code == 2


def test_others_may_not_reach_it_without_a_key(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for host in ("0.0.0.0", "::", "192.168.0.7", "a.example"):
        error = _refusal([str(tiny_folder)], ServeOptions(host=host))
        assert isinstance(error, RecipeError)
        assert "--key-env" in str(error)
    asked = ServeOptions(port=0, key_env="SERVE_KEY")
    monkeypatch.delenv("SERVE_KEY", raising=False)
    assert isinstance(_refusal([str(tiny_folder)], asked), MissingError)
    for weak in ("short", "k" * 15, "blanks are not good enough", "ümlaut-ümlaut-ümlaut"):
        monkeypatch.setenv("SERVE_KEY", weak)
        error = _refusal([str(tiny_folder)], asked)
        assert error.exit_code == 2
        assert weak not in str(error)


def test_two_models_of_one_name_are_refused(run: RunFolder) -> None:
    assert "mine" in str(_refusal([str(run.path), str(run.path)], FREE))


def test_a_folder_in_which_no_job_could_run_is_refused_before_anything_is_loaded(
    run: RunFolder, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("mine")
    for jobs, told in (
        (run.path, "lies in the folder of a run"),
        (run.path / "deep" / "jobs", "lies in the folder of a run"),
        (tmp_path / "file", "is no folder"),
    ):
        error = _refusal([str(tmp_path / "nothing")], ServeOptions(port=0, jobs=jobs))
        assert isinstance(error, RecipeError)
        assert told in str(error)
    assert not (run.path / "jobs").exists()


def test_a_missing_extra_is_named(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosting, "find_spec", lambda _: None)
    error = _refusal([str(tiny_folder)], FREE)
    assert isinstance(error, MissingError)
    assert "pip install 'tunesmith[serve]'" in str(error)


@pytest.mark.slow
@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_the_command_ends_with_zero_when_it_is_asked_to_stop(
    run: RunFolder, sig: signal.Signals
) -> None:
    command = [sys.executable, "-m", "tunesmith", "serve", str(run.path), "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as one:
        assert one.stdout is not None
        told = json.loads(one.stdout.readline())
        assert _ask(told["url"], "tuned", "Hello")["choices"]
        one.send_signal(sig)
        assert one.wait(timeout=20) == 0


def test_a_base_that_is_another_by_now_is_left_out_and_named(
    run: RunFolder, tmp_path: Path
) -> None:
    shutil.copytree(run.path, tmp_path / "mine")
    contract = tmp_path / "mine" / "model" / "tunesmith.json"
    told = read_json(contract)
    folder = (run.model / told["base"]["name"]).resolve()
    told["base"] |= {"name": str(folder), "fingerprint": "another"}
    write_json(contract, told)
    talk = Talk()
    server = open_server([str(tmp_path / "mine")], FREE, progress=talk)
    with _serving(server):
        assert server.told.models == ("tuned",)
    assert any("base is left out" in note and "has changed" in note for note in talk.notes)
    with pytest.raises(RefusedError, match="has changed since it was tuned"):
        run_responder("base", RunFolder(tmp_path / "mine"), GenerationRecipe())
