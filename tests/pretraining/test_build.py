"""The commands that make the starter, at a thirtieth of its size: it learns what text is like."""

import subprocess
import sys
from pathlib import Path

import pytest

from pretraining.build import install, write_material
from pretraining.facts import all_facts
from pretraining.knowledge import _continued
from tunesmith.files import read_json_lines
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages.responders.load_responder import named_responder

NUM_CHARACTERS = 2_500_000


@pytest.mark.slow
def test_a_smaller_starter_learns_what_text_is_about(tmp_path: Path) -> None:
    write_material(tmp_path, num_characters=NUM_CHARACTERS)
    tunesmith = [sys.executable, "-m", "tunesmith"]
    run, model = tmp_path / "run", tmp_path / "model"
    train = [*tunesmith, "train", str(tmp_path / "recipe.yaml"), "--run", str(run)]
    for command in (train, [*tunesmith, "report", str(run)]):
        subprocess.run(command, check=True, capture_output=True, timeout=600)
    install(run, model)
    validation = [
        line["loss"] for line in read_json_lines(run / "log.jsonl") if line["split"] == "validation"
    ]
    assert validation[0] > 8  # nothing is known: the logarithm of the vocabulary is 8.3
    assert validation[-1] < 2.5
    responder = named_responder(str(model), recipe=GenerationRecipe(max_new_tokens=16))
    facts = all_facts()["capital"]
    texts = _continued(responder, [f"The capital of {fact.x} is" for fact in facts[::5]])
    places = {place for fact in facts for place in (fact.x, fact.y)}
    about_places = [text for text in texts if any(place in text for place in places)]
    assert len(about_places) > 0.5 * len(texts), texts
