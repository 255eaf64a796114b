"""Laws of loading a recipe: all mistakes at once, each with its line; nothing is guessed."""

from pathlib import Path

import pytest

from tunesmith.errors import MissingError, RecipeError
from tunesmith.recipe.load_recipe import load_recipe, recipe_from_mapping, resolved_yaml
from tunesmith.recipe.recipe import Recipe

MINIMAL = "sources:\n  - path: a.jsonl\n"


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "recipe.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def refusal(folder: Path, text: str | bytes, *overrides: str) -> str:
    with pytest.raises(RecipeError) as caught:
        load_recipe(written(folder, text), overrides=overrides)
    return str(caught.value).replace(f"{folder}/", "")


def test_all_but_sources_has_a_default(tmp_path: Path) -> None:
    recipe = load_recipe(written(tmp_path, MINIMAL))
    assert recipe == recipe_from_mapping({"sources": [{"path": "a.jsonl"}]})
    assert recipe.training.open_settings == ["learning_rate", "examples_per_step", "epochs"]


def test_every_mistake_is_reported_at_once_with_its_line(tmp_path: Path) -> None:
    text = """\
sources:
  - path: a.jsonl
    split: train
lr: 1
training:
  learning_rte: 5e-5
  epochs: -1
  micro_batch: some
  method: {lora: {rnk: 3, rank: 0}}
  epochs: 3
template: {name: alpacca}
generation: {seed: 3}
"""
    assert (
        refusal(tmp_path, text)
        == """\
recipe.yaml: 10 mistakes:
  recipe.yaml:3: sources.0.split: has no effect without hub.
  recipe.yaml:4: lr: unknown key. Did you mean training.learning_rate?
  recipe.yaml:6: training.learning_rte: unknown key. Did you mean learning_rate?
  recipe.yaml:7: training.epochs: written twice, in lines 7 and 10. Keep one.
  recipe.yaml:7: training.epochs: -1 is not allowed. Allowed: auto, or a number, \
above 0.
  recipe.yaml:8: training.micro_batch: "some" is not allowed. Allowed: auto, or a whole number, \
at least 1.
  recipe.yaml:9: training.method.lora.rank: 0 is not allowed. Allowed: a whole number, at least 1.
  recipe.yaml:9: training.method.lora.rnk: unknown key. Did you mean rank?
  recipe.yaml:11: template.name: template 'alpacca' is unknown. Known: alpaca, auto, chat, \
chatml, concatenate, phi3, plain, question-answer, a .jinja file. Did you mean alpaca?
  recipe.yaml:12: generation.seed: has no effect at temperature 0."""
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sources: [{path: a}]\ntrainig: {}\n", "recipe.yaml:2: trainig: unknown key. Did you"),
        ("sources: []\n", "recipe.yaml:1: sources: [] is not allowed"),
        ("{}\n", "recipe.yaml: sources: is missing. Write a list of groups of keys"),
        ("", "recipe.yaml: sources: is missing"),
        ("- a\n", "recipe.yaml: a recipe is a group of keys"),
        ("sources: [{}]\n", "recipe.yaml:1: sources.0: name one of path, hub and teacher"),
        ("sources: [{path: a, hub: b}]\n", "sources.0: name one of path, hub and teacher"),
        ("sources: [{hub: a/b, kind: csv}]\n", "sources.0.kind: has no effect on a hub source"),
        ("sources: [a.jsonl]\n", 'sources.0: "a.jsonl" is not allowed. Allowed: a group of keys'),
        (MINIMAL + "training: {epochs: 2, steps: 3}\n", "training.epochs: has no effect beside"),
        (MINIMAL + "training: {seed: true}\n", "training.seed: true is not allowed"),
        (MINIMAL + "training: {seed: 1.0}\n", "training.seed: 1.0 is not allowed"),
        (MINIMAL + 'training: {epochs: "2"}\n', 'training.epochs: "2" is not allowed'),
        (MINIMAL + "training: {learning_rate: .inf}\n", "training.learning_rate: "),
        (MINIMAL + "training: {keep: lst}\n", "Allowed: best, last. Did you mean last?"),
        (
            MINIMAL + "report: {language: cn}\n",
            'report.language: "cn" is not allowed. Allowed: en, zh',
        ),
        (MINIMAL + "training: {device: gpu}\n", "device 'gpu' is unknown. Known: auto, cpu"),
        (MINIMAL + "training: fast\n", 'training: "fast" is not allowed. Allowed: a group of'),
        (MINIMAL + "examples: {split: {validation: 0.5, test: 0.5}}\n", "examples.split: "),
        (MINIMAL + "template: {name: alpaca, options: {a: 1}}\n", "template.options: has no"),
        (MINIMAL + "evaluation: {metrics: [rouge]}\n", "Did you mean rouge_l?"),
        ("sources:\n  - path: a\n   hub: b\n", "recipe.yaml:3: not valid YAML: "),
        ("sources: [{path: a\n", "not valid YAML: "),
        ("\tsources: 1\n", "recipe.yaml:1: not valid YAML: "),
        ("a: 1\n---\nb: 2\n", "not valid YAML: "),
        ("? [a]\n: b\n", "a key must be a plain word"),
        (MINIMAL + "model: {name: !!python/object:os.system x}\n", "the tag !!python/object"),
        ("sources: &a [*a]\n", "too many or too deeply nested values"),
        (b"sources:\n  - path: \xff\n", "recipe.yaml:2: byte 19 is not UTF-8"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str | bytes, expected: str) -> None:
    message = refusal(tmp_path, text)
    assert expected in message


def test_aliases_that_multiply_are_refused_quickly(tmp_path: Path) -> None:
    layers = "".join(f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]\n" for i in range(1, 9))
    assert "too many" in refusal(tmp_path, "l0: &l0 [x]\n" + layers)


@pytest.mark.parametrize("path", ["file:///etc/hosts", "https://example.org/a.jsonl", "", " "])
def test_a_source_is_a_plain_path(tmp_path: Path, path: str) -> None:
    assert "sources.0.path: " in refusal(tmp_path, f'sources: [{{path: "{path}"}}]\n')


def test_only_the_home_folder_is_expanded_in_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    text = "sources: [{path: ~/a.jsonl}, {path: $HOME/b.jsonl}]\nmodel: {name: ~/m}\n"
    recipe = load_recipe(written(tmp_path, text))
    assert [source.path for source in recipe.sources] == ["/home/ada/a.jsonl", "$HOME/b.jsonl"]
    assert recipe.model.name == "/home/ada/m"


def test_words_of_yaml_1_1_are_no_booleans_and_5e_5_is_a_number(tmp_path: Path) -> None:
    text = """\
sources: [{path: a, fields: {response: yes, instruction: no}}]
training: {activation_checkpointing: on, learning_rate: 3e-4}
"""
    recipe = load_recipe(written(tmp_path, text))
    assert recipe.sources[0].fields == {"response": "yes", "instruction": "no"}
    assert recipe.training.activation_checkpointing == "on"
    assert recipe.training.learning_rate == 3e-4


def test_a_group_whose_keys_are_all_commented_out_is_the_default(tmp_path: Path) -> None:
    text = MINIMAL + "training:\n  # epochs: 3\nexamples:\n  split:\n"
    assert load_recipe(written(tmp_path, text)) == load_recipe(written(tmp_path, MINIMAL))


@pytest.mark.parametrize(
    ("override", "path", "expected"),
    [
        ("training.epochs=1", "training.epochs", 1.0),
        ("training.learning_rate=5e-5", "training.learning_rate", 5e-5),
        ("sources.0.path=b.jsonl", "sources.0.path", "b.jsonl"),
        ("sources.1.hub=a/b", "sources.1.hub", "a/b"),
        ("sources=[{path: c}]", "sources.0.path", "c"),
        ("training.method.lora.rank=4", "training.lora.rank", 4),
        ("template.system=Be brief: always.", "template.system", None),
        ('template.system="a=b"', "template.system", "a=b"),
        ("training.activation_checkpointing=off", "training.activation_checkpointing", "off"),
        ("template.system=", "template.system", None),
    ],
)
def test_an_override_sets_any_key(
    tmp_path: Path, override: str, path: str, expected: object
) -> None:
    if expected is None and override.count(":"):
        assert "--set " in refusal(tmp_path, MINIMAL, override)
        return
    value: object = load_recipe(written(tmp_path, MINIMAL), overrides=[override])
    for part in path.split("."):
        value = value[int(part)] if isinstance(value, list) else getattr(value, part)
    assert value == expected


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("training.epoch=1", "--set training.epoch=1: training.epoch: unknown key. Did you mean"),
        ("training.epochs=x", '--set training.epochs=x: training.epochs: "x" is not allowed'),
        ("sources.5.path=x", "5 is no position in a list of 1"),
        ("sources.x.path=y", "x is no position in a list of 1"),
        ("training.epochs", "an override is written key=value"),
        ("=1", "an override is written key=value"),
        ("training..epochs=1", "an override is written key=value"),
        ("sources=[", "the value is not YAML"),
    ],
)
def test_a_wrong_override_is_named(tmp_path: Path, override: str, expected: str) -> None:
    assert expected in refusal(tmp_path, MINIMAL, override)


def test_a_missing_recipe_is_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no such recipe"):
        load_recipe(tmp_path / "absent.yaml")


def test_a_folder_is_no_recipe(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="is no file"):
        load_recipe(tmp_path)


@pytest.mark.parametrize(
    "values",
    [
        {"sources": [{"path": "a"}, {"hub": "b/c", "limit": 3}]},
        {"sources": [{"path": "1e5"}, {"path": "0o17"}, {"path": "on"}, {"path": "null"}]},
        {"sources": [{"path": "a b: # c\n".strip()}], "training": {"steps": 7}},
        {"sources": [{"path": "ä"}], "generation": {"temperature": 0.7, "top_p": 0.9, "seed": 1}},
        {"sources": [{"path": "a"}], "training": {"method": {"lora": {"targets": ["q", "v"]}}}},
        {"sources": [{"path": "a"}], "template": {"name": "chat", "options": {"think": False}}},
        {"sources": [{"path": "a"}], "template": {"system": "null"}},
    ],
)
def test_a_resolved_recipe_loads_back_equal(tmp_path: Path, values: dict[str, object]) -> None:
    recipe = recipe_from_mapping(values)
    text = resolved_yaml(recipe)
    assert load_recipe(written(tmp_path, text)) == recipe
    silenced = {"beta", *(("steps", "epochs") if recipe.training.steps else ())}
    missing = {name for name in type(recipe.training).model_fields if f"  {name}:" not in text}
    assert missing <= silenced


def test_a_recipe_made_in_python_obeys_the_same_rules() -> None:
    with pytest.raises(RecipeError, match="sources: is missing"):
        recipe_from_mapping({"training": {"epochs": 1}})
    assert Recipe(sources=[{"path": "a"}]).training.lora is None  # type: ignore[list-item]
