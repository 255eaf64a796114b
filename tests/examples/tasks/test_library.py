"""Each of the library's templates: its own row, every wording, in its own language."""

import re
from collections import Counter
from typing import Any

import pytest
from pydantic import ValidationError

from tunesmith.examples.tasks.library import TaskTemplate, TaskWording, library
from tunesmith.examples.tasks.task_examples import example_row
from tunesmith.recipe.task_names import TASK_NAMES

TEMPLATES = list(library().values())
CHINESE = re.compile(r"[\u4e00-\u9fff]")
each_template = pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.name)


def prompts_of(template: TaskTemplate) -> list[tuple[str, str]]:
    """Prompt and answer of the template's own row in every wording."""
    maker = example_row(template)
    values = maker.values(template.example)
    pairs = []
    for wording in (*template.wordings, *template.open):
        asked, answered = maker.messages(wording, values)
        prompt = "\n\n".join(text for text in (asked.content, asked.input) if text)
        pairs.append((prompt, answered.content))
    return pairs


def test_there_are_at_least_forty_in_both_languages_and_all_kinds_of_task() -> None:
    assert len(TEMPLATES) == 80
    languages = Counter(template.language for template in TEMPLATES)
    assert languages == {"en": 49, "zh": 31}
    tasks = {template.task for template in TEMPLATES}
    assert {
        "classification",
        "extraction",
        "generation",
        "question answering",
        "sentence pairs",
        "summarisation",
    } <= tasks
    for task in tasks:
        assert {one.language for one in TEMPLATES if one.task == task} == {"en", "zh"}


def test_the_recipe_knows_every_name_and_no_other() -> None:
    assert sorted(TASK_NAMES) == sorted(library())


@each_template
def test_every_wording_asks_with_all_that_the_row_holds(template: TaskTemplate) -> None:
    prompts = prompts_of(template)
    assert len({prompt for prompt, _ in prompts}) == len(prompts) >= 3
    for prompt, answer in prompts:
        assert prompt == prompt.strip()
        assert answer == answer.strip() != ""
        assert not re.search(r"\{[a-z_]+\}", prompt + answer)
        for name, kind in template.columns.items():
            if kind == "text" and name not in template.writes:
                assert str(template.example[name]) in prompt


@each_template
def test_what_is_answered_is_offered_or_not_in_the_prompt(template: TaskTemplate) -> None:
    kinds = set(template.columns.values())
    is_closed = bool(kinds & {"label", "choice", "letter"})
    maker = example_row(template)
    values = maker.values(template.example)
    for wording in template.wordings:
        asked, answered = maker.messages(wording, values)
        if is_closed:
            assert answered.content in asked.content + asked.input
    for wording in template.open:
        asked, answered = maker.messages(wording, values)
        assert answered.content not in asked.content.split()


@each_template
def test_wordings_are_in_the_language_of_the_template(template: TaskTemplate) -> None:
    for wording in (*template.wordings, *template.open):
        bare = re.sub(r"\{[a-z_]+\}", "", wording.instruction)
        if not re.search(r"\w", bare):
            continue  # the row's own question
        assert bool(CHINESE.search(bare)) == (template.language == "zh")


@each_template
def test_no_wording_says_the_same_twice(template: TaskTemplate) -> None:
    said = [one.instruction.casefold().strip(" .?:") for one in template.wordings]
    assert len(set(said)) == len(said)


GOOD: dict[str, Any] = {
    "name": "good",
    "task": "t",
    "language": "en",
    "about": "a",
    "columns": {"text": "text", "label": "label"},
    "wordings": (
        TaskWording(instruction="Is it {labels}?", input="{text}"),
        TaskWording(instruction="Choose: {labels_or}", input="{text}"),
    ),
    "open": (TaskWording(instruction="What is it?", input="{text}"),),
    "response": "{label}",
    "example": {"text": "x", "label": "a"},
    "labels": ("a", "b"),
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"response": "{lable}"}, "nothing fills {lable}"),
        (
            {"open": (TaskWording(instruction="Is it {label}?", input="{text}"),)},
            r"\['label'\] stand in prompt and response",
        ),
        ({"example": {"text": "x"}}, "the example's columns are not the template's"),
        (
            {"wordings": (GOOD["wordings"][0], TaskWording(instruction="Which?", input="{text}"))},
            "a wording offers no labels: Which?",
        ),
        (
            {"open": (TaskWording(instruction="One of {labels}?", input="{text}"),)},
            "an open wording lists labels",
        ),
        ({"open": ()}, "labels, open wordings and a label column go together"),
        ({"wordings": GOOD["wordings"][:1]}, "at least 2"),
    ],
)
def test_a_template_with_a_mistake_is_not_loaded(change: dict[str, Any], words: str) -> None:
    TaskTemplate.model_validate(GOOD)
    with pytest.raises(ValidationError, match=words):
        TaskTemplate.model_validate({**GOOD, **change})


def test_known_prompts() -> None:
    asked, answered = prompts_of(library()["sentiment"])[2]
    assert asked == (
        "Decide whether the following is negative or positive.\n\nThe soup was cold and the "
        "waiter rude."
    )
    assert answered == "negative"
    asked, answered = prompts_of(library()["classification-zh"])[0]
    assert asked == "下面的文字属于哪一类？可选类别：账单、物流、退货。\n\n发票上的金额不对。"
    assert answered == "账单"
