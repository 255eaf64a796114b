"""What is wrong with a recipe that is being written, line by line."""

import pytest

from tunesmith.recipe.draft import read_draft


def test_all_mistakes_stand_at_their_lines() -> None:
    text = "sources:\n  - path: a.md\n    kid: faq\ntraining:\n  epochs: none\n  rank: 8\n"
    found = read_draft(text)
    assert [(one.line, one.key) for one in found.mistakes] == [
        (3, "sources.0.kid"),
        (5, "training.epochs"),
        (6, "training.rank"),
    ]
    assert "Did you mean kind?" in found.mistakes[0].message
    assert found.recipe is None
    assert found.values is not None


def test_a_recipe_without_mistakes_is_one() -> None:
    found = read_draft("sources: [{path: a.md}]\n")
    assert not found.mistakes
    assert found.recipe is not None
    assert found.recipe.sources[0].path == "a.md"


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("a: 1\nb: [\n", 3, "not valid YAML"),
        ("- a\n", 1, "group of keys"),
        ("", 1, "missing"),
        ("a\x00b", 1, "not valid YAML"),
        ("a: 1\na: 2\nsources: [{path: a}]", 1, "written twice"),
        ("a: " + "x" * 1_100_000, 1, "larger than 1 MB"),
        ("a: " + "[" * 3000, 1, "nested"),
    ],
)
def test_what_is_no_recipe_is_told_and_never_raised(text: str, line: int, part: str) -> None:
    found = read_draft(text)
    assert any(one.line == line and part in one.message for one in found.mistakes), found
