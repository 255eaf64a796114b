"""One key of a recipe's text changes; every other character stays."""

import difflib

import pytest

from tunesmith.errors import RecipeError
from tunesmith.recipe.commented import commented_recipe
from tunesmith.recipe.fields import walk
from tunesmith.recipe.key_edit import with_key, without_key
from tunesmith.recipe.mistakes import Key
from tunesmith.recipe.yaml_text import read_yaml

TEXT = """\
# mine
sources:
  - path: a.jsonl   # the first
    kind: jsonl
  - {path: b.md, weight: 2}

training:           # long
  # how often
  epochs: 3         # passes
  method: {lora: {rank: 8}}
  # the end of training
generation:
evaluation:
  metrics:
    - chrf
    - rouge_l
template: {}
"""


def changed_lines(before: str, after: str) -> list[str]:
    delta = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in delta if line[0] in "+-"]


@pytest.mark.parametrize(
    ("key", "written", "lines"),
    [
        (("training", "epochs"), "5e-1", ["  epochs: 5e-1         # passes"]),
        (("training", "method", "lora", "rank"), "16", ["  method: {lora: {rank: 16}}"]),
        (("training", "method", "lora", "alpha"), "4", ["  method: {lora: {rank: 8, alpha: 4}}"]),
        (("training", "method"), "lora", ["  method: lora"]),
        (("training", "seed"), "1", ["  seed: 1"]),
        (("generation", "seed"), "1", ["  seed: 1"]),
        (("evaluation", "shots"), "2", ["  shots: 2"]),
        (("template", "name"), "chatml", ["template: {name: chatml}"]),
        (("model", "name"), '"a: b # c"', ["model:", '  name: "a: b # c"']),
        (("sources", 0, "kind"), "csv", ["    kind: csv"]),
        (("sources", 0, "limit"), "9", ["    limit: 9"]),
        (("sources", 1, "weight"), "0.5", ["  - {path: b.md, weight: 0.5}"]),
        (("sources", 2, "path"), "c.csv", ["  - path: c.csv"]),
        (("examples", "split", "test"), "0.2", ["examples:", "  split:", "    test: 0.2"]),
    ],
)
def test_one_key_changes_and_nothing_else(key: Key, written: str, lines: list[str]) -> None:
    made = with_key(TEXT, key, written)
    added = [line[2:] for line in changed_lines(TEXT, made) if line[0] == "+"]
    removed = [line for line in changed_lines(TEXT, made) if line[0] == "-"]
    assert added == lines
    assert len(removed) <= 1
    value = read_yaml(made).value
    for step in key:
        value = value[step]
    assert value == read_yaml(written).value


@pytest.mark.parametrize(
    ("key", "gone"),
    [
        (("training", "epochs"), ["-   epochs: 3         # passes"]),
        (("sources", 0, "kind"), ["-     kind: jsonl"]),
        (
            ("sources", 1, "weight"),
            ["-   - {path: b.md, weight: 2}", "+   - {path: b.md}"],
        ),
        (("evaluation", "metrics"), ["-   metrics:", "-     - chrf", "-     - rouge_l"]),
        (("training", "seed"), []),
        (("model", "name"), []),
    ],
)
def test_a_key_that_is_left_out_takes_its_line_along(key: Key, gone: list[str]) -> None:
    assert changed_lines(TEXT, without_key(TEXT, key)) == gone


@pytest.mark.parametrize(
    ("text", "key", "written"),
    [
        (TEXT, ("evaluation", "metrics"), "[chrf]"),  # over several lines
        (TEXT, ("training", "epochs"), "[1"),
        (TEXT, ("training", "epochs"), "1\nsources: []"),
        (TEXT, ("template", "name"), "a, system: b"),  # would say two things
        ("a: &x {b: 1}\nc: *x\n", ("c", "b"), "2"),  # would change two
        ("training: [\n", ("training", "epochs"), "1"),
        ("training:\n  - epochs\n", ("training", "epochs"), "1"),
        ("model: |\n  text\n", ("model",), "a"),
    ],
)
def test_what_cannot_be_said_on_one_line_is_refused(text: str, key: Key, written: str) -> None:
    with pytest.raises(RecipeError):
        with_key(text, key, written)


def test_an_empty_text_and_one_without_a_last_line_end_take_a_key() -> None:
    assert with_key("", ("training", "epochs"), "1") == "training:\n  epochs: 1\n"
    assert with_key("# a", ("training", "epochs"), "1") == "# a\ntraining:\n  epochs: 1\n"
    assert with_key("training:", ("training", "epochs"), "1") == "training:\n  epochs: 1\n"
    assert with_key("", ("sources", 0, "path"), "a") == "sources:\n- path: a\n"


def test_every_key_of_the_recipe_that_init_writes_can_be_changed() -> None:
    text = commented_recipe()
    named = (f for f in walk() if f.section is None and f.path[0] != "sources")
    for field in named:
        if "rivals" in field.path or "judge" in field.path:
            continue
        made = with_key(text, field.path, "7")
        delta = changed_lines(text, made)
        assert sum(line[0] == "-" for line in delta) <= 1, field.path
        assert len(delta) <= 3, field.path
