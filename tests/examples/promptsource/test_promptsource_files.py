"""The 25 real files: every template that can run does, and says what promptsource would say."""

from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

from tests.examples.promptsource.promptsource_rows import ROWS
from tests.examples.reading import read_all
from tunesmith.examples.example import Example
from tunesmith.examples.promptsource.prompt_file import read_prompt_file
from tunesmith.examples.promptsource.prompted import render_prompt
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.row import Dropped, RowError

CANNOT_RUN: dict[str, str] = {}  # template: why; none of the 233
BY_CHANCE = ("choice", "random")  # promptsource draws anew each time


class Plain(yaml.SafeLoader):
    """Reads the two tags as groups."""


def read_as_promptsource_does(path: Path) -> list[dict[str, Any]]:
    for tag in ("!Template", "!TemplateMetadata"):
        Plain.add_constructor(tag, lambda loader, node: loader.construct_mapping(node, deep=True))
    loader = Plain(path.read_text(encoding="utf-8"))
    return list(loader.get_single_data()["templates"].values())


def applied(record: dict[str, Any], row: dict[str, Any]) -> list[str]:
    """What promptsource's `Template.apply` does, with plain Jinja."""
    environment = jinja2.Environment()
    environment.filters["choice"] = lambda values: values[0]
    environment.filters["random"] = lambda values: values[0]
    environment.globals["zip"] = zip
    choices = record["answer_choices"]
    if choices is not None:
        rendered = environment.from_string(choices).render(**row)
        choices = [one.strip() for one in rendered.split("|||")]
    text = environment.from_string(record["jinja"]).render(**row, answer_choices=choices)
    return [part.strip() for part in text.split("|||")]


@pytest.fixture(scope="module")
def files(shared_data: Path) -> list[Path]:
    return sorted((shared_data / "promptsource").glob("*.yaml"))


def test_all_that_can_run_do(files: list[Path]) -> None:
    ran, failed = 0, {}
    for path in files:
        read = read_prompt_file(path, path.name)
        assert read.broken == ()
        for prompt in read.prompts:
            reasons = []
            for row in ROWS[path.stem]:
                try:
                    render_prompt(prompt, row, seed=0)
                except RowError as error:
                    reasons.append(f"{error.reason}: {error.detail}")
            if len(reasons) < len(ROWS[path.stem]):
                ran += 1
            else:
                failed[prompt.label] = reasons[0]
    assert failed == CANNOT_RUN
    assert (len(files), ran) == (25, 233)


def test_they_say_what_promptsource_says(files: list[Path]) -> None:
    num_compared = 0
    for path in files:
        prompts = {prompt.body.text: prompt for prompt in read_prompt_file(path, path.name).prompts}
        for record in read_as_promptsource_does(path):
            if any(f"|{name}" in record["jinja"].replace("| ", "|") for name in BY_CHANCE):
                continue
            for row in ROWS[path.stem]:
                expected = applied(record, row)
                if len(expected) != 2 or not all(expected):
                    with pytest.raises(RowError):
                        render_prompt(prompts[record["jinja"]], row, seed=0)
                    continue
                assert list(render_prompt(prompts[record["jinja"]], row, seed=0)) == expected
                num_compared += 1
    assert num_compared == 382


def test_real_rows_with_real_templates(shared_data: Path) -> None:
    """The labels of the file are names, those of the templates numbers; they meet by name."""
    items = list(
        read_all(
            [
                SourceRecipe(
                    path="support/banking77_test.csv",
                    prompts="promptsource/banking77.yaml",
                    columns={"label": "category"},
                    limit=400,
                )
            ],
            folder=shared_data,
        )
    )
    kept = [item for item in items if isinstance(item, Example)]
    dropped = [item for item in items if isinstance(item, Dropped)]
    assert (len(kept), dropped) == (400, [])
    assert len({example.tags for example in kept}) == 7
    first = kept[0]
    assert "How do I locate my card?" in first.messages[0].content
    assert first.reference == "card arrival"
    assert len({example.reference for example in kept}) == 10
