"""A server and a run: right servers pass, and of wrong ones the cause is named."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tokenizers.processors import TemplateProcessing

from tests.stages.checking.own_server import OwnServer, Quirks, rounded
from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tests.tiny import byte_tokenizer, tiny_network
from tunesmith.__main__ import run_command
from tunesmith.errors import MissingError, RecipeError, RemoteError
from tunesmith.files import read_json_lines, write_json_lines
from tunesmith.generation.responder import Responder
from tunesmith.recipe.recipe import TemplateRecipe
from tunesmith.rounds.look_log import LookLog
from tunesmith.stages.answer import answer
from tunesmith.stages.checking.check_server import CheckedServer, check_run_server
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.loaded_model import generation_recipe
from tunesmith.stages.looking.note_look import looks_path
from tunesmith.stages.prepare import prepare
from tunesmith.stages.responders.load_responder import named_responder
from tunesmith.stages.train import train
from tunesmith.templates.names import find_template

Rows = list[dict[str, str]]
GENERATION = {"max_new_tokens": 12}


@dataclass(frozen=True)
class Rig:
    """A run that learned colours, its model, its base, and the model of another run."""

    folder: RunFolder
    tuned: Responder
    base: Responder
    other: Responder

    @property
    def begin_id(self) -> int:
        return self.tuned.tokenizer.control_ids["<|begin|>"]

    def template(self, name: str) -> object:
        return find_template(TemplateRecipe(name=name), self.tuned.tokenizer.texts)

    def check(
        self, models: dict[str, Responder] | None = None, model: str | None = None, **quirks: object
    ) -> CheckedServer:
        """What is found out about a server with some quirks."""
        with OwnServer(models or {"tuned": self.tuned}, Quirks(**quirks)) as server:  # type: ignore[arg-type]
            return check_run_server(server.url, self.folder, model=model, progress=Talk())

    def causes(self, models: dict[str, Responder] | None = None, **quirks: object) -> list[str]:
        found = self.check(models, **quirks)
        assert found.serves is not bool(found.record["causes"])
        return [one["cause"] for one in found.record["causes"]]


def trained(
    place: Path, model: Path, rows: list[dict[str, str]], asked: list[dict[str, str]]
) -> RunFolder:
    """A run over some rows, that was asked others."""
    data = write_rows(place / "train.jsonl", rows)
    test = write_rows(place / "test.jsonl", asked)
    recipe = make_recipe(
        model,
        data,
        sources=[{"path": str(data)}, {"path": str(test), "use_as": "test"}],  # type: ignore[arg-type]
        generation=GENERATION,
        training={"steps": 60, "learning_rate": 1e-2},
    )
    run = opened(recipe, run_folder(place / "run"), place, Talk())
    for stage in (prepare, train, answer):
        stage(run)  # type: ignore[operator]
    return run.folder


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Rig:
    place = tmp_path_factory.mktemp("checked")
    model = place / "model"
    tiny_network("llama").save_pretrained(model)  # type: ignore[operator]
    tokenizer = byte_tokenizer()
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<|begin|> $A", pair="<|begin|> $A $B", special_tokens=[("<|begin|>", 256)]
    )
    tokenizer.save_pretrained(model)
    rows = colour_rows(24)
    others = [{**one, "response": str(at) * 3} for at, one in enumerate(rows)]
    folder = trained(place / "colours", model, rows[:12], rows[12:])
    another = trained(place / "numbers", model, others[:12], others[12:])
    how = generation_recipe(max_new_tokens=12)
    tuned = named_responder(str(folder.path), recipe=how)
    return Rig(
        folder=folder,
        tuned=tuned,
        base=replace(tuned, model=named_responder(str(model), recipe=how).model),
        other=named_responder(str(another.path), recipe=how),
    )


@pytest.mark.parametrize(
    "quirks",
    [
        {},
        {"has_usage": False, "has_completions": False},
        {"takes_ids": False, "around": " \n"},
        {"surplus": 1},
    ],
    ids=["plain", "counts nothing, no completions", "texts only, whitespace", "odd count"],
)
def test_a_server_of_the_model_that_was_measured_passes(rig: Rig, quirks: dict[str, Any]) -> None:
    found = rig.check(**quirks)
    assert found.serves, found.summary
    assert found.summary[0] == "Chat: 12 of 12 answers equal."
    assert found.summary[-1] == "It serves the model that was measured."
    assert LookLog.read(looks_path(rig.folder)).looks[-1].command == "check"


CHANGED: dict[str, Callable[[Rig], dict[str, Any]]] = {
    "wrong template": lambda rig: {"template": rig.template("chatml")},
    "second begin token": lambda rig: {"change": lambda ids: [rig.begin_id, *ids]},
    "missing stop": lambda rig: {"ignores_stops": True},
    "base model": lambda rig: {"models": {"tuned": rig.base}},
    "other weights": lambda rig: {"models": {"tuned": rig.other}},
}


@pytest.mark.parametrize("cause", CHANGED)
def test_a_misconfigured_server_is_named_by_its_cause(rig: Rig, cause: str) -> None:
    assert rig.causes(**CHANGED[cause](rig)) == [cause]


MORE: dict[str, tuple[list[str], Callable[[Rig], dict[str, Any]]]] = {
    "another begin, nothing counted": (
        ["second begin token"],
        lambda rig: {"change": lambda ids: [rig.begin_id, *ids], "has_usage": False},
    ),
    "no begin": (["no begin token"], lambda rig: {"change": lambda ids: ids[1:]}),
    "nothing counted": (
        ["wrong template"],
        lambda rig: {"template": rig.template("alpaca"), "has_usage": False},
    ),
    "nothing counted, no completions": (
        ["wrong template"],
        lambda rig: {
            "template": rig.template("chatml"),
            "has_usage": False,
            "has_completions": False,
        },
    ),
    "unknown template": (["wrong template"], lambda rig: {"change": lambda ids: [*ids, 65, 66]}),
    "wrong template and base": (
        ["wrong template", "base model"],
        lambda rig: {
            "template": rig.template("chatml"),
            "has_usage": False,
            "models": {"tuned": rig.base},
        },
    ),
    "a base without a chat template": (
        ["no answer", "base model"],
        lambda rig: {"models": {"tuned": rig.base}, "has_chat": False},
    ),
    "stop as text": (["stop text leaks"], lambda rig: {"shows_stop": True}),
    "cut": (["other max_tokens"], lambda rig: {"most_tokens": 2}),
    "samples": (["sampling"], lambda rig: {"temperature": 3.0}),
    "five bits": (
        ["small numeric differences"],
        lambda rig: {"models": {"tuned": rounded(rig.tuned, 5)}},
    ),
    "crossed names": (
        ["other adapter"],
        lambda rig: {"models": {"tuned": rig.other, "b": rig.tuned}, "model": "tuned"},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", MORE)
def test_other_faults_are_named_too(rig: Rig, case: str) -> None:
    causes, changed = MORE[case]
    assert rig.causes(**changed(rig)) == causes


def test_what_cannot_be_asked_is_an_error_that_says_what_to_do(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = rig.folder
    with pytest.raises(RemoteError, match="does not answer") as caught:
        check_run_server("http://127.0.0.1:9/v1", folder, progress=Talk())
    assert caught.value.exit_code == 5
    with pytest.raises(RecipeError, match=r"is no address|without"):
        check_run_server("localhost:8000", folder, progress=Talk())
    with pytest.raises(RemoteError, match=r"has no model 'mine'.*It has tuned"):
        rig.check(model="mine")
    with pytest.raises(RecipeError, match=r"the server has tuned, b.*--model"):
        rig.check({"tuned": rig.tuned, "b": rig.other})
    with pytest.raises(RemoteError, match=r"none of 12 test rows is answered .*no such route"):
        rig.check(has_chat=False, has_completions=False)
    with pytest.raises(RemoteError, match="does not accept the key"):
        rig.check(key="secret")


def test_the_exit_code_and_json_say_it(
    rig: Rig, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVER_KEY", "secret")
    with OwnServer({"tuned": rig.tuned}, Quirks(key="secret")) as server:
        words = ["check", server.url, str(rig.folder.path), "--rows", "3", "--json"]
        assert run_command([*words, "--key-env", "SERVER_KEY"]) == 0
        record = json.loads(capsys.readouterr().out)
        assert (record["serves"], record["chat"]) == (True, {"equal": 3})
        server.quirks.ignores_stops = True
        assert run_command([*words, "--key-env", "SERVER_KEY"]) == 8
        record = json.loads(capsys.readouterr().out)
    (cause,) = record["causes"]
    assert cause["cause"] == "missing stop"
    assert record["differences"][0]["token"] > 1


def test_samples_are_not_compared_and_unanswered_rows_are_missed(rig: Rig, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "copy")
    shutil.copytree(rig.folder.path, folder.path)
    write_json_lines(folder.completions("tuned"), [])
    with pytest.raises(MissingError, match="answered no test row"):
        check_run_server("http://127.0.0.1:9/v1", folder, progress=Talk())
    text = folder.recipe.read_text()
    folder.recipe.write_text(text.replace("  temperature: 0.0", "  temperature: 0.7"))
    with pytest.raises(RecipeError, match="are samples"):
        check_run_server("http://127.0.0.1:9/v1", folder, progress=Talk())


@pytest.fixture
def tied(rig: Rig) -> Iterator[Rig]:
    """A run all of whose answers hang on a near tie somewhere, as in half precision."""
    path = rig.folder.completions("tuned")
    before = path.read_bytes()
    rows = [{**one, "has_near_tie": True} for one in read_json_lines(path)]
    write_json_lines(path, rows)
    yield rig
    path.write_bytes(before)


@pytest.mark.parametrize("wrong", ["base", "other"])
def test_near_ties_in_all_rows_do_not_let_other_weights_pass(tied: Rig, wrong: str) -> None:
    found = tied.check({"tuned": getattr(tied, wrong)})
    assert not found.serves
    named = {"base": "base model", "other": "other weights"}[wrong]
    assert [one["cause"] for one in found.record["causes"]] == [named]
    assert any("nothing shows where it ends" in line for line in found.summary)


def test_a_wrong_template_is_named_in_spite_of_near_ties(tied: Rig) -> None:
    assert tied.causes(template=tied.template("chatml"), has_usage=False) == ["wrong template"]


def test_a_login_in_an_address_is_not_repeated(tied: Rig) -> None:
    url = "http://user:hunter2@127.0.0.1:1/v1"
    with pytest.raises(RecipeError, match="holds a login") as raised:
        check_run_server(url, tied.folder, progress=Talk())
    assert "hunter2" not in str(raised.value)
