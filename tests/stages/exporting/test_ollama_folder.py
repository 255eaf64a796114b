"""A Modelfile says what the model was measured with, in letters that Ollama reads back."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.tiny import tiny_network
from tunesmith.errors import RefusedError
from tunesmith.generation.stop_strings import StopStrings
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages.exporting.ollama_folder import ollama_file, write_ollama_folder


def _lines(text: str) -> dict[str, list[str]]:
    """What Ollama's parser makes of a Modelfile: no escapes, quoted texts over several lines."""
    found: dict[str, list[str]] = {}
    rest = text
    while rest:
        name, _, rest = rest.partition(" ")
        if name == "PARAMETER":
            name, _, rest = rest.partition(" ")
        ends = [at for at, one in enumerate(rest) if one in "\n\r"]
        end = next(at for at in ends if _unquoted(rest[:at].strip()) is not None)
        value, rest = _unquoted(rest[:end].strip()), rest[end + 1 :]
        found.setdefault(name, []).append(value or "")
    return found


def _unquoted(text: str) -> str | None:
    for marks in ('"""', '"'):
        if text.startswith(marks):
            is_whole = len(text) >= 2 * len(marks) and text.endswith(marks)
            return text[len(marks) : -len(marks)] if is_whole else None
    return text


def _responder(*stops: str) -> Any:
    return SimpleNamespace(
        tokenizer=SimpleNamespace(control_ids={"<|end|>": 7}),
        stop_ids=[7],
        stops=StopStrings(stops),
        model=SimpleNamespace(context_tokens=4096, inner=tiny_network("phi3", sliding_window=64)),
    )


STOPS = ("\nQuestion:", "\n\n", 'say "no"', '"quoted"\n', "a\\nb", " ### ", "終わり", "\tx")


def test_stops_are_read_back_character_by_character(tmp_path: Path) -> None:
    write_ollama_folder(tmp_path, "a.gguf", _responder(*STOPS), GenerationRecipe())
    found = _lines((tmp_path / "Modelfile").read_text())
    assert found["stop"] == ["<|end|>", *STOPS]


@pytest.mark.parametrize("stop", ["\x1bend", "a\u00a0b", 'x"""\ny'])
def test_a_stop_that_no_modelfile_can_name_is_refused(tmp_path: Path, stop: str) -> None:
    with pytest.raises(RefusedError, match="cannot name the stop"):
        write_ollama_folder(tmp_path, "a.gguf", _responder(stop), GenerationRecipe())


def test_nothing_is_left_to_ollamas_defaults(tmp_path: Path) -> None:
    """It would make repeated words less likely, at temperature 0 too."""
    generation = GenerationRecipe(max_new_tokens=9, temperature=0.7, top_p=0.8)
    write_ollama_folder(tmp_path, "a.gguf", _responder(), generation)
    found = _lines((tmp_path / "Modelfile").read_text())
    values = {name: value for name, (value,) in found.items()}
    assert values.items() >= {"temperature": "0.7", "top_p": "0.8", "num_predict": "9"}.items()
    assert values["num_ctx"] == "64"  # llama.cpp reads Phi-3 without its window
    assert values.items() >= {"repeat_penalty": "1", "top_k": "0", "min_p": "0"}.items()


def test_the_file_has_a_name_of_one_line() -> None:
    assert ollama_file(" my run\nof \x07 ü ", "q8_0") == "my run-of - ü-q8_0.gguf"
