"""What opens a door is taken out, and ordinary words are left."""

import pytest

from tunesmith.recipe.redaction import redacted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("key sk-proj-abc_DEF-123 was", "key [secret] was"),
        ("hf_abcDEF123 too", "[secret] too"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer [secret]"),
        ("authorization: bearer abc", "authorization: bearer [secret]"),
        ("at https://user:pass@host/v1", "at https://[secret]@host/v1"),
        ("at https://token@host/v1", "at https://[secret]@host/v1"),
        ('{"api_key": "exact-key-1"}', '{"api_key": "[secret]"}'),
        ("the task-force asked ann@example.com", "the task-force asked ann@example.com"),
        ("status none of it", "status none of it"),
    ],
)
def test_keys_go_and_words_stay(text: str, expected: str) -> None:
    assert redacted(text, ("exact-key-1", "none")) == expected
