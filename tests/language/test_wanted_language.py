"""A browser's Accept-Language, well written or not, names one of our languages."""

import pytest

from tunesmith.language.wanted_language import wanted_language


@pytest.mark.parametrize(
    ("accepted", "code"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("de-DE,de;q=0.9,zh-TW;q=0.5,en;q=0.3", "zh"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"),
        ("fr", "en"),
        ("zh;q=0,en", "en"),
        ("en;q=0.2, ZH-hans;q=0.7", "zh"),
        ("", "en"),
        ("*", "en"),
        ("zh;q=nan", "en"),
        ("zh;q=9e9,;;,q=1,../zh", "en"),
        (",".join(["xx"] * 10_000 + ["zh"]), "en"),
    ],
)
def test_the_first_language_that_we_have_is_taken(accepted: str, code: str) -> None:
    assert wanted_language(accepted) == code
