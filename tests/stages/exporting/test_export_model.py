"""A run's model in another form answers as it was measured, or nothing is called exported."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.export.gguf_files.tiny_gguf import WIDE, word_tokenizer
from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tests.tiny import tiny_network
from tunesmith.errors import MissingError, RecipeError, RefusedError, TunesmithError
from tunesmith.export.gguf_files import gguf_content
from tunesmith.export.gguf_files.gguf_content import GgufContent, write_gguf
from tunesmith.files import read_json, read_json_lines
from tunesmith.generation.responder import Responder
from tunesmith.models.load import find_model, load_network
from tunesmith.rounds.look_log import LookLog
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.exporting import export_gguf
from tunesmith.stages.exporting.export_model import export_model
from tunesmith.stages.exporting.exported import untold_stops
from tunesmith.stages.looking.note_look import looks_path
from tunesmith.stages.run import run_loop

QUICK: dict[str, Any] = {
    "examples": {"split": {"validation": 0.0, "test": 0.3}},
    "training": {"steps": 6, "learning_rate": 3e-3},
    "generation": {"max_new_tokens": 6},
    "evaluation": {"metrics": ["exact_match", "token_f1"], "probes": "none"},
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama whose tokenizer llama.cpp has too."""
    folder = tmp_path_factory.mktemp("base")
    shape = {**WIDE, "bos_token_id": 262, "eos_token_id": 263, "pad_token_id": 264}
    tiny_network("llama", **shape).save_pretrained(folder)
    word_tokenizer().save_pretrained(folder)
    return folder


def _run(base: Path, place: Path, **sections: Any) -> Run:
    data = write_rows(place / "rows.jsonl", colour_rows(40))
    recipe = make_recipe(base, data, **{**QUICK, **sections})
    return opened(recipe, run_folder(place / "run"), recipe_folder=place, progress=Talk())


@pytest.fixture(scope="module")
def run(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that has answered its test rows."""
    made = _run(base, tmp_path_factory.mktemp("made"))
    run_loop(made)
    return made


def _left(folder: RunFolder) -> list[str]:
    place = folder.path / "exports"
    return sorted(path.name for path in place.iterdir()) if place.is_dir() else []


def test_a_gguf_file_is_compared_and_answers_beside_the_others(run: Run) -> None:
    found = export_model(run.folder, "gguf", kind="f32", is_replacing=True, progress=Talk())
    rows = len(list(read_json_lines(run.folder.completions("tuned"))))
    assert found.compared["equal_answers"] == found.compared["rows"] == rows > 5
    assert found.compared["prompts"] == rows
    assert found.compared["texts"] == 300
    assert set(found.differences) == {"exact_match", "token_f1"}
    answers = list(read_json_lines(run.folder.completions("f32")))
    assert {one["model"] for one in answers} == {"f32"}
    look = LookLog.read(looks_path(run.folder)).looks[-1]
    assert (look.command, look.scores["token_f1"]) == ("export", ["tuned", "f32"])
    run_loop(run)
    assert set(run.scores["token_f1"]) >= {"base", "tuned", "f32"}
    assert "## Exported" in (run.folder.path / "report.md").read_text()
    assert ">Exported</h2>" in run.folder.page.read_text()


def test_a_folder_of_whole_weights_is_the_model_bit_by_bit(run: Run, tmp_path: Path) -> None:
    found = export_model(
        run.folder, "safetensors", kind="f32", out=tmp_path / "own", progress=Talk()
    )
    assert found.compared["furthest_logit"] == 0
    one = load_network(find_model(str(run.folder.model))).state_dict()
    two = load_network(find_model(str(tmp_path / "own"))).state_dict()
    assert all(torch.equal(tensor, two[name]) for name, tensor in one.items())
    assert read_json(tmp_path / "own" / "generation_config.json")["eos_token_id"] == [263]


@pytest.mark.slow
def test_an_adapter_is_merged_into_what_is_exported(base: Path, tmp_path: Path) -> None:
    training = {**QUICK["training"], "method": "lora"}
    made = _run(base, tmp_path, training=training)
    run_loop(made)
    for form, kind in (("safetensors", "f32"), ("gguf", "f32")):
        found = export_model(made.folder, form, kind=kind, progress=Talk())
        assert found.compared["equal_answers"] == found.compared["rows"]
    own = load_network(find_model(str(made.folder.path / "exports" / "safetensors-f32")))
    merged = load_network(find_model(str(made.folder.model)))
    ids = torch.tensor([[262, 1, 2, 3, 4, 5]])
    with torch.no_grad():
        assert float((own(ids).logits - merged(ids).logits).abs().max()) < 1e-5


def test_ollamas_folder_names_file_stops_and_length(run: Run) -> None:
    found = export_model(run.folder, "ollama", kind="f16", is_replacing=True, progress=Talk())
    lines = (Path(found.path) / "Modelfile").read_text().splitlines()
    assert lines[0] == "FROM ./run-f16.gguf"
    assert 'PARAMETER stop "<|end|>"' in lines
    assert "PARAMETER num_predict 6" in lines
    assert {"PARAMETER temperature 0", "PARAMETER repeat_penalty 1"} <= set(lines)
    assert "ollama create" in found.summary[-1]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("tokenizer.chat_template", "the prompt of row"),
        ("tokenizer.ggml.tokens", "has other ids"),
        ("tensors", "next tokens differ"),
    ],
)
def test_what_llama_cpp_makes_of_a_file_decides_even_where_it_reads_back(
    run: Run, change: str, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same fault in what is written and in what is expected: only the runtime can tell."""
    make = gguf_content.gguf_content

    def wrong(*given: Any, **named: Any) -> GgufContent:
        content = make(*given, **named)
        if change == "tensors":
            scaled = lambda: ((name, values * 1.5) for name, values in content.tensors())  # noqa: E731
            return replace(content, tensors=scaled)
        fields = dict(content.fields)
        if change == "tokenizer.chat_template":
            fields[change] += "."
        else:
            first, second = fields[change][40:42]
            fields[change] = [*fields[change][:40], second, first, *fields[change][42:]]
        return replace(content, fields=fields)

    monkeypatch.setattr(export_gguf, "gguf_content", wrong)
    monkeypatch.setattr(export_gguf, "_with_split", lambda content, *_: content)
    before = _left(run.folder)
    with pytest.raises(RefusedError, match=named):
        export_model(run.folder, "gguf", kind="f32", is_replacing=True, progress=Talk())
    assert _left(run.folder) == before


def test_a_file_that_was_damaged_while_it_was_written_is_not_called_exported(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(content: GgufContent, path: Path) -> None:
        write_gguf(content, path)
        if path.suffix == ".gguf":
            whole = bytearray(path.read_bytes())
            whole[len(whole) * 3 // 4 | 3] ^= 0x40
            path.write_bytes(whole)

    monkeypatch.setattr(export_gguf, "write_gguf", damaged)
    before = _left(run.folder)
    with pytest.raises(RefusedError, match=r"the tensor .* holds other numbers"):
        export_model(run.folder, "gguf", kind="f16", is_replacing=True, progress=Talk())
    assert _left(run.folder) == before


def test_a_tokenizer_that_llama_cpp_cannot_follow_is_refused_with_a_text(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gguf_content, "split_names", lambda _: ("llama-bpe",))
    with pytest.raises(RefusedError, match=r"cannot split texts as .* gives \["):
        export_model(run.folder, "gguf", kind="f32", is_replacing=True, progress=Talk())


def test_a_token_that_ends_answers_here_and_not_there_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file names three tokens at which answers end; the fourth would be written on."""
    monkeypatch.setattr(Responder, "stop_ids", property(lambda _: [263, 265, 264, 262]))
    with pytest.raises(RefusedError, match=r"not end an answer at 262, the token '<\|begin") as got:
        export_model(run.folder, "gguf", kind="f32", is_replacing=True, progress=Talk())
    assert str(got.value).count("does not end") == 1


def test_stop_strings_that_no_file_holds_are_told() -> None:
    assert untold_stops(["\n\n", "é"]) == (
        'generation.stop; send it with each request: "stop": ["\\n\\n", "é"]',
    )
    assert untold_stops([]) == ()


def _asked(**given: Any) -> Callable[[RunFolder], object]:
    return lambda folder: export_model(folder, **{"form": "gguf", "progress": Talk(), **given})


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (_asked(form="onnx"), "no format 'onnx'"),
        (_asked(kind="q3_k"), "no type 'q3_k'"),
        (_asked(form="safetensors", kind="q4_0"), "no type 'q4_0'"),
        (_asked(out=Path("model.bin")), "no name of a GGUF file"),
        (_asked(out=Path(__file__).with_suffix(".gguf").with_name("there.gguf")), ""),
    ],
)
def test_what_is_not_understood_is_named(
    run: Run, asked: Callable[[RunFolder], object], told: str, tmp_path: Path
) -> None:
    if not told:
        (tmp_path / "there.gguf").write_bytes(b"mine")
        with pytest.raises(RecipeError, match="stands there already"):
            _asked(out=tmp_path / "there.gguf")(run.folder)
        assert (tmp_path / "there.gguf").read_bytes() == b"mine"
        return
    with pytest.raises(RecipeError, match=told):
        asked(run.folder)


def test_a_run_without_model_or_answers_is_told_what_to_do(tmp_path: Path, base: Path) -> None:
    made = _run(base, tmp_path)
    made.claim()
    with pytest.raises(MissingError):
        export_model(made.folder, "gguf", progress=Talk())


@pytest.mark.slow
def test_a_run_whose_answers_are_samples_is_compared_without_chance(
    base: Path, tmp_path: Path
) -> None:
    made = _run(base, tmp_path, generation={"max_new_tokens": 6, "temperature": 2.0})
    run_loop(made)
    found = export_model(made.folder, "gguf", kind="f32", progress=Talk())
    assert found.compared["equal_answers"] == found.compared["rows"]
    own = {
        one["example_id"]: one["text"] for one in read_json_lines(made.folder.completions("tuned"))
    }
    greedy = read_json_lines(made.folder.completions("f32"))
    assert any(own[one["example_id"]] != one["text"] for one in greedy)


def test_what_lies_damaged_in_the_run_is_named_before_anything_is_written(
    run: Run, tmp_path: Path
) -> None:
    folder = RunFolder(tmp_path / "run")
    shutil.copytree(run.folder.path, folder.path)
    folder.exports.write_text("{bad")
    with pytest.raises(TunesmithError, match=r"exports\.json"):
        export_model(folder, "gguf", kind="F32", out=tmp_path / "a.gguf", progress=Talk())
    folder.exports.unlink()
    weights = folder.model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(MissingError, match="its weights cannot be read"):
        export_model(folder, "gguf", kind="F32", out=tmp_path / "a.gguf", progress=Talk())
    assert not (tmp_path / "a.gguf").exists()
