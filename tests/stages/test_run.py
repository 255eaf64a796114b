"""The whole loop on a tiny model: what each stage writes, skips, resumes and returns."""

import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tunesmith.errors import MissingError, RefusedError, TunesmithError
from tunesmith.files import read_json, read_json_lines
from tunesmith.generation import responder as answering
from tunesmith.models.load import find_model, load_network
from tunesmith.models.shorten import SHORTCUTS
from tunesmith.recipe.load_recipe import load_recipe
from tunesmith.recipe.recipe import GenerationRecipe, Recipe
from tunesmith.rounds.look_log import LookLog
from tunesmith.stages.answer import answer, answer_file
from tunesmith.stages.ask import ask
from tunesmith.stages.chat import chat
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.looking.note_look import looks_path
from tunesmith.stages.preview import preview_rows
from tunesmith.stages.results.reported import LoopResult
from tunesmith.stages.run import run_loop
from tunesmith.stages.train import train

SECTIONS: dict[str, Any] = {
    "examples": {"split": {"validation": 0.2, "test": 0.2}},
    "training": {"steps": 4, "learning_rate": 1e-2},
    "generation": {"max_new_tokens": 8, "batch": 4},
}


@pytest.fixture(scope="module")
def done(
    tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path
) -> tuple[Recipe, RunFolder, LoopResult]:
    """A run that went through every stage."""
    root = tmp_path_factory.mktemp("run")
    data = write_rows(root / "rows.jsonl", colour_rows(40))
    recipe = make_recipe(tiny_folder, data, **SECTIONS)
    folder = run_folder(root / "run")
    done = run_loop(opened(recipe, folder, recipe_folder=root, progress=Talk()))
    return recipe, folder, done


def test_the_loop_is_one_look_at_the_test_set(done: Any) -> None:
    _, folder, result = done
    (look,) = LookLog.read(looks_path(folder)).looks
    assert (look.command, look.run) == ("run", str(folder.path))
    assert look.comparisons == tuple(c for c in result.scores.comparisons if c.first == "base")
    assert result.scores.looks is None  # nobody had looked before


def test_base_and_tuned_are_those_of_the_run_and_say_what_they_said(
    done: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, folder, _ = done
    (row, *_) = read_json_lines(folder.examples("test"))
    names = ["tuned", "base"]
    said = [next(read_json_lines(folder.completions(name)))["text"] for name in names]
    options: Any = {"generation": recipe.generation}
    found = ask(row["instruction"], names, run=folder.path, **options)
    assert [(one.model, one.text) for one in found] == list(zip(names, said, strict=True))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingError, match="none has a model"):
        list(ask("Colour?", names, **options))
    for untrained in ("runs/untrained", "runs/other"):
        Path(untrained).mkdir(parents=True)
    Path("runs/mine").symlink_to(folder.path)
    assert [one.text for one in ask(row["instruction"], names, **options)] == said


def test_validation_accuracy_is_told_beside_the_loss(done: Any) -> None:
    _, folder, result = done
    checks = [line for line in read_json_lines(folder.log) if line["split"] == "validation"]
    assert result.trained.accuracy == checks[-1]["accuracy"]
    assert result.trained.to_dict()["accuracy"] == checks[-1]["accuracy"]
    assert "% of next tokens right at step" in (folder.path / "report.md").read_text("utf-8")


def test_every_test_row_is_answered_by_both_models_in_order(done: Any) -> None:
    _, folder, result = done
    ids = [row["id"] for row in read_json_lines(folder.examples("test"))]
    assert len(ids) == result.prepared.splits["test"].rows > 2
    for name in ("base", "tuned"):
        rows = list(read_json_lines(folder.completions(name)))
        assert [row["example_id"] for row in rows] == ids
        assert {row["finish_reason"] for row in rows} <= {"stop", "length"}


def test_scores_cover_the_metrics_and_compare_base_with_tuned(done: Any) -> None:
    recipe, folder, result = done
    scores = read_json(folder.scores)
    assert scores == json.loads(json.dumps(result.scores.to_dict()))
    assert scores["usability"]["models"].keys() == {"base", "tuned"}
    assert scores["headline"]["title"] == "No difference shown, not usable yet"
    assert set(scores["metrics"]) == set(recipe.evaluation.metrics)
    count = result.prepared.splits["test"].rows
    for models in scores["metrics"].values():
        assert {name: score["count"] for name, score in models.items()} == {
            "base": count,
            "tuned": count,
        }
    pairs = {(c["first"], c["second"]) for c in scores["comparisons"]}
    assert pairs == {("base", "tuned")}


def test_the_run_ends_with_a_diagnosis(done: Any) -> None:
    """A model with random weights does not end its answers, and the test has five rows."""
    _, folder, result = done
    found = {finding.rule for finding in result.written.diagnosis}
    assert "answers cut" in found
    assert "nothing held out" not in found
    assert result.to_dict()["diagnosis"] == read_json(folder.path / "diagnosis.json")["findings"]
    assert any(line.startswith("What next:") for line in result.summary)


def test_the_report_and_the_resolved_recipe_stand_in_the_folder(done: Any) -> None:
    recipe, folder, result = done
    assert result.written.page.is_file()
    assert (folder.path / "report.md").is_file()
    assert load_recipe(folder.recipe) == recipe
    environment = read_json(folder.environment)
    assert environment["precision"] == "fp32"
    assert environment["layout"] == "rows"
    assert environment["products"] in ("standard", "onednn")
    assert environment["shortcuts"].keys() == SHORTCUTS.keys()
    assert all(use["reason"] for use in environment["shortcuts"].values())


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated")
def test_an_adapter_goes_through_every_stage_and_its_model_can_be_tuned_in_full(
    tmp_path: Path, tiny_folder: Path
) -> None:
    data = write_rows(tmp_path / "rows.jsonl", colour_rows(40))
    training = {**SECTIONS["training"], "method": {"lora": {"rank": 2}}}
    recipe = make_recipe(tiny_folder, data, **{**SECTIONS, "training": training})
    folder = run_folder(tmp_path / "adapter")
    result = run_loop(opened(recipe, folder, recipe_folder=tmp_path, progress=Talk()))
    assert set(result.scores["token_f1"]) == {"base", "tuned"}
    further = make_recipe(folder.path, data, training={"steps": 2, "learning_rate": 1e-2})
    before = load_network(find_model(str(folder.path)))
    train(opened(further, run_folder(tmp_path / "full"), recipe_folder=tmp_path, progress=Talk()))
    after = load_network(find_model(str(tmp_path / "full")))
    pairs = zip(before.parameters(), after.parameters(), strict=True)
    assert all(not torch.equal(one, other) for one, other in pairs if one.ndim == 2)


def test_running_again_does_no_work_and_returns_the_same(done: Any) -> None:
    recipe, folder, result = done
    talk = Talk()
    again = run_loop(opened(recipe, folder, recipe_folder=folder.path.parent, progress=talk))
    assert again == result
    assert talk.tasks == ["writing the report"]


def test_a_killed_answering_goes_on_where_it_was(
    done: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, folder, _ = done
    before = folder.completions("tuned").read_bytes()
    folder.completions("tuned").unlink()
    real = answering.generate_as_they_end

    def dies_after_two_answers(*arguments: Any, **named: Any) -> Any:
        yield from islice(real(*arguments, **named), 2)
        raise KeyboardInterrupt

    monkeypatch.setattr(answering, "generate_as_they_end", dies_after_two_answers)
    with pytest.raises(KeyboardInterrupt):
        answer(opened(recipe, folder, recipe_folder=tmp_path, progress=Talk()))
    partial = next(folder.completions("x").parent.glob(".tuned-*.jsonl"))
    partial.write_bytes(partial.read_bytes() + b'{"half a li')
    assert len(partial.read_bytes().splitlines()) == 3
    monkeypatch.setattr(answering, "generate_as_they_end", real)
    answer(opened(recipe, folder, recipe_folder=tmp_path, progress=Talk()))
    assert folder.completions("tuned").read_bytes() == before
    assert not list(folder.completions("x").parent.glob(".*"))


def test_a_changed_recipe_trains_anew_and_says_what_changed(
    tmp_path: Path, tiny_folder: Path
) -> None:
    data = write_rows(tmp_path / "rows.jsonl", colour_rows())
    folder = run_folder(tmp_path / "run")
    recipe = make_recipe(tiny_folder, data, training={"steps": 2})
    train(opened(recipe, folder, recipe_folder=tmp_path, progress=Talk()))
    talk = Talk()
    other = make_recipe(tiny_folder, data, training={"steps": 3})
    result = train(opened(other, folder, recipe_folder=tmp_path, progress=talk))
    assert result.steps == 3
    assert result.resumed_from is None
    assert "training anew: training changed since the last time" in talk.notes


def test_an_unfinished_training_is_not_continued_under_another_recipe(
    tmp_path: Path, tiny_folder: Path
) -> None:
    data = write_rows(tmp_path / "rows.jsonl", colour_rows())
    folder = run_folder(tmp_path / "run")
    recipe = make_recipe(tiny_folder, data, training={"steps": 2})
    train(opened(recipe, folder, recipe_folder=tmp_path, progress=Talk()))
    manifest = folder.read_manifest()
    del manifest["train"]
    folder.write_manifest(manifest)
    other = make_recipe(tiny_folder, data, training={"steps": 2, "learning_rate": 1e-3})
    with pytest.raises(RefusedError, match=r"training.learning_rate was 5e-05, is 0.001"):
        train(opened(other, folder, recipe_folder=tmp_path, progress=Talk()))
    forced = train(opened(other, folder, recipe_folder=tmp_path, progress=Talk()), force="a test")
    assert forced.resumed_from == 2
    assert read_json(folder.environment)["forced"] == [
        "a test: training.learning_rate was 5e-05, is 0.001"
    ]


def test_answering_without_a_model_says_what_to_run(tmp_path: Path, tiny_folder: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", colour_rows())
    recipe = make_recipe(tiny_folder, data)
    with pytest.raises(MissingError, match=r"no model yet\. Run tunesmith train first"):
        answer(
            opened(recipe, run_folder(tmp_path / "run"), recipe_folder=tmp_path, progress=Talk())
        )


def test_any_file_can_be_answered_with_or_without_references(done: Any, tmp_path: Path) -> None:
    _, folder, _ = done
    questions = write_rows(
        tmp_path / "new.jsonl",
        [
            {"instruction": "Colour 3?"},
            {"question": "Colour 4?", "answer": "ignored"},
            {"messages": [{"role": "user", "content": "Colour 5?"}]},
            {"something": "else"},
        ],
    )
    out = tmp_path / "answers.jsonl"
    result = answer_file(
        str(folder.path),
        questions,
        out,
        generation=GenerationRecipe(max_new_tokens=5),
        progress=Talk(),
    )
    rows = list(read_json_lines(out))
    assert [row["example_id"].rpartition(":")[2] for row in rows] == ["1", "2", "3"]
    assert result.answers == 3
    assert sum(result.dropped.values()) == 1


def test_one_prompt_goes_to_several_models(done: Any, tiny_folder: Path) -> None:
    _, folder, _ = done
    names = [str(tiny_folder), str(folder.path), str(folder.model)]
    answers = list(ask("Colour 1?", names, generation=GenerationRecipe(max_new_tokens=4)))
    assert [row.model for row in answers] == names
    assert answers[1].text == answers[2].text
    assert set(answers[0].to_dict()) == {"model", "text", "num_tokens", "finish_reason"}


def test_chat_streams_what_asking_gives(done: Any) -> None:
    _, folder, _ = done
    generation = GenerationRecipe(max_new_tokens=12)
    session = chat(str(folder.path), generation=generation)
    expected = next(ask("Colour 1?", [str(folder.path)], generation=generation))
    assert "".join(session.reply("Colour 1?")) == expected.text
    assert not session.has_memory, "question-answer has no turns"
    assert "".join(session.reply("Colour 1?")) == expected.text


def test_preview_shows_the_ids_that_training_reads(done: Any) -> None:
    recipe, folder, _ = done
    rows = list(
        preview_rows(
            opened(recipe, folder, recipe_folder=folder.path.parent, progress=Talk()), limit=3
        )
    )
    assert len(rows) == 3
    for row in rows:
        first = row.is_trained.index(True)
        assert row.prompt_ids == row.ids[:first]
        assert "".join(piece.text for piece in row.pieces) == row.text


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", colour_rows())
    recipe = make_recipe(tmp_path / "nowhere", data)
    with pytest.raises(TunesmithError, match="nowhere"):
        train(opened(recipe, run_folder(tmp_path / "run"), recipe_folder=tmp_path, progress=Talk()))
