"""Questions and sections become examples: context where it is needed, parts, groups, places."""

from pathlib import Path

import pytest

from tests.examples.reading import read_all
from tunesmith.examples.conversion.cut_sections import PART_SIZE, cut_section
from tunesmith.examples.conversion.from_pages import (
    is_ambiguous,
    question_example,
    section_examples,
)
from tunesmith.examples.example import Example
from tunesmith.recipe.recipe import SourceRecipe
from tunesmith.sources.material import AnsweredQuestion, Section
from tunesmith.sources.row import Dropped


def pair(example: Example | Dropped) -> tuple[str, str]:
    assert isinstance(example, Example)
    user, assistant = example.messages
    return user.content, assistant.content


def question(text: str, *headings: str, is_repeated: bool = False) -> AnsweredQuestion:
    return AnsweredQuestion(
        question=text, answer="So.", headings=headings, source="a.md:3", is_repeated=is_repeated
    )


@pytest.mark.parametrize(
    "text",
    [
        "How do I change it?",
        "Can I move them?",
        "But why?",
        "Refunds?",
        "Is this safe?",
        "它在哪里？",
    ],
)
def test_a_question_that_needs_its_heading_gets_it(text: str) -> None:
    assert is_ambiguous(text)
    asked, _ = pair(question_example(question(text, "Widget FAQ", "Backups")))
    assert asked == f"Backups: {text}"


@pytest.mark.parametrize(
    "text",
    [
        "How do I change the password of an account?",
        "Is it possible to pay by card?",
        "What is Widget?",
        "How long does it take to send a parcel?",
        "Why did my parcel not arrive, and where is it?",
        "如何申请退款？",
    ],
)
def test_a_question_that_stands_by_itself_stays_as_it_is(text: str) -> None:
    assert not is_ambiguous(text)
    assert pair(question_example(question(text, "FAQ", "Backups"))) == (text, "So.")


def test_a_question_asked_twice_on_a_page_gets_its_heading() -> None:
    repeated = question("How long are copies kept here?", "FAQ", "Backups", is_repeated=True)
    assert pair(question_example(repeated))[0] == "Backups: How long are copies kept here?"


def test_the_nearest_heading_that_says_something_is_the_context() -> None:
    asked = question("How do I change it?", "Widget FAQ", "Passwords", "General")
    assert pair(question_example(asked))[0] == "Passwords: How do I change it?"
    nothing = question("How do I change it?", "FAQ", "General questions")
    assert pair(question_example(nothing))[0] == "How do I change it?"


def test_parts_of_a_section_share_a_group_and_say_which_they_are() -> None:
    text = "\n\n".join(f"Paragraph {number}. " + "word " * 100 for number in range(8))
    section = Section(headings=("Widget", "Motors"), text=text, source="a.md:3#motors")
    examples = list(section_examples(section))
    assert len(examples) > 1
    assert {example.group for example in examples} == {"a.md#Widget > Motors"}
    assert "\n\n".join(pair(example)[1] for example in examples) == text
    asked = [pair(example)[0] for example in examples]
    assert [words.partition(" (part ")[2] for words in asked] == [
        f"{number} of {len(examples)})" for number in range(1, len(examples) + 1)
    ]
    assert {example.source for example in examples} == {"a.md:3#motors"}


def test_a_cut_splits_no_code_list_or_announcement() -> None:
    code = "```sh\n" + "\n\n".join(f"echo {number}" for number in range(300)) + "\n```"
    steps = "\n".join(f"{number}. " + "word " * 30 for number in range(1, 20))
    before = "word " * 250
    text = f"{before}\n\nRun this:\n\n{code}\n\n{before}\n\nThen:\n\n{steps}"
    parts = cut_section(text)
    assert "\n\n".join(parts) == text
    assert any(f"Run this:\n\n{code}" in part for part in parts)
    assert any(f"Then:\n\n{steps}" in part for part in parts)


def test_a_paragraph_is_never_cut() -> None:
    long = "word " * PART_SIZE
    assert cut_section(f"One.\n\n{long}") == [f"One.\n\n{long}"] or long in cut_section(
        f"One.\n\n{long}"
    )


def test_the_recipe_names_the_subject(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Setup\n\n## Installation\n\nRun it.\n", encoding="utf-8")
    source = SourceRecipe(path="a.md", subject="Widget")
    (example,) = [item for item in read_all([source], folder=tmp_path) if isinstance(item, Example)]
    assert "Widget" in pair(example)[0]


def test_every_example_of_a_page_leads_to_its_line(tmp_path: Path) -> None:
    page = "# Widget FAQ\n\n## What is it?\n\nA tool.\n\n## Why does it spin?\n\nFor fun.\n"
    (tmp_path / "a.md").write_text(page, encoding="utf-8")
    items = list(read_all([SourceRecipe(path="a.md")], folder=tmp_path))
    assert [item.source for item in items] == ["a.md:3#what-is-it", "a.md:7#why-does-it-spin"]
