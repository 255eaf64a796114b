"""What counts as a word."""

import pytest

from tunesmith.examples.splitting.words import words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("...!? -- ()", []),
        ("What's the CAPITAL of France?", ["whats", "the", "capital", "of", "france"]),
        ("don’t – „stop“ “now”", ["dont", "stop", "now"]),
        ("snake_case and well-known", ["snake", "case", "and", "well", "known"]),
        ("東京は日本", ["東", "京", "は", "日", "本"]),
        ("カフェ 2杯", ["カ", "フ", "ェ", "2", "杯"]),
        ("서울은 수도", ["서울은", "수도"]),
        ("naïve Straße ÉCOLE", ["naïve", "straße", "école"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("x² is not x2", ["x²", "is", "not", "x2"]),
    ],
)
def test_words_are_lower_case_runs_of_letters_and_digits(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3 + 4", "3 - 4"),
        ("3-0", "3*0"),
        ("6 / 2", "6 * 2"),
        ("is it -5?", "is it 5?"),
        ("costs $5", "costs €5"),
        ("5 %", "5"),
        ("mood: 😀", "mood: 😢"),
        ("कि", "की"),
        ("a < b", "a > b"),
        ("3 × 4", "3 ÷ 4"),
    ],
)
def test_signs_that_change_the_meaning_are_words(one: str, other: str) -> None:
    assert words_of(one) != words_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Reset it, please!", "reset it please"),
        ("**Reset** `it`", "Reset it"),
        ("cafe\u0301", "café"),
        ("“Why?”", '"Why?"'),
        ("One。Two，three", "one two three"),
        ("a — b", "a b"),
    ],
)
def test_case_and_punctuation_make_no_difference(one: str, other: str) -> None:
    assert words_of(one) == words_of(other)
