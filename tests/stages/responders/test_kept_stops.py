"""The strings at which answers end travel with the weights, also where they change afterwards."""

from pathlib import Path
from typing import Any

import pytest

from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tunesmith.errors import DataError
from tunesmith.files import read_json, read_json_lines, write_json
from tunesmith.models.load import find_model
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages import train
from tunesmith.stages.answer import answer
from tunesmith.stages.loaded_model import load
from tunesmith.stages.responders.kept_stops import stops_of
from tunesmith.stages.run import run_loop


def test_a_models_strings_hold_wherever_it_answers(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write_rows(tmp_path / "rows.jsonl", colour_rows(20))

    def run(**stop: Any) -> Any:
        recipe = make_recipe(
            tiny_folder,
            data,
            examples={"split": {"validation": 0, "test": 0.2}},
            training={"steps": 2},
            generation={"max_new_tokens": 12, **stop},
            evaluation={"metrics": ["chrf"]},
        )
        return opened(recipe, run_folder(tmp_path / "run"), tmp_path, Talk())

    folder = run().folder
    run_loop(run())
    assert "stop" not in read_json(folder.model / "tunesmith.json")
    (one, *_) = read_json_lines(folder.completions("tuned"))
    stop = one["text"][3:5]
    monkeypatch.setattr(train, "run_training", None)
    answer(run(stop=[stop]))
    assert read_json(folder.model / "tunesmith.json")["stop"] == [stop]
    (cut, *_) = read_json_lines(folder.completions("tuned"))
    assert (cut["text"], cut["finish_reason"]) == (one["text"].partition(stop)[0], "stop")
    asked = next(
        row for row in read_json_lines(folder.examples("test")) if row["id"] == one["example_id"]
    )
    model = load(folder.path)
    assert model.answer([asked["instruction"]], max_new_tokens=12)[0].text == cut["text"]
    assert "".join(model.stream(asked["instruction"], max_new_tokens=12)) == cut["text"]
    assert stops_of(GenerationRecipe(stop=[]), find_model(str(folder.path))).texts == ()
    run_loop(run(stop=[stop]))
    assert folder.read_manifest()["train"]["result"]["steps"] == 2


@pytest.mark.parametrize("kept", ["###", [""], [1], {"a": 1}])
def test_what_is_no_list_of_texts_is_refused(tmp_path: Path, kept: object) -> None:
    write_json(tmp_path / "config.json", {})
    write_json(tmp_path / "tunesmith.json", {"stop": kept})
    with pytest.raises(DataError, match="stop is no list of texts"):
        stops_of(GenerationRecipe(), find_model(str(tmp_path)))
