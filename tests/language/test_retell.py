"""English sentences of records are read back into their messages, and told in another language."""

import pytest

from tests.language.messages import FoundMessage, found_messages
from tunesmith.language.catalogue import catalogue_of, holds_number, places_of
from tunesmith.language.retell import as_shown
from tunesmith.language.translate import (
    Plural,
    in_language,
    language_tag,
    listing_with_and,
    sentences,
    translate,
)

JOINS = {"items", "sentence"}


def sample(message: str) -> dict[str, object]:
    """What fills its places: a number where a format wants one, else a name of nobody's."""
    from string import Formatter

    filled: dict[str, object] = {}
    for _, name, form, _ in Formatter().parse(message):
        if name is not None:
            is_number = holds_number(name, form)
            filled.setdefault(name, 1234 if is_number else f"Zyx{len(filled)}")
    return filled


def is_read_back(found: FoundMessage) -> bool:
    """Not of the studio and the page's script, nor what only joins: records hold none of those."""
    own = found.where.partition(":")[0].endswith(".py")
    return own and not JOINS & set(places_of(found.forms[0]))


def test_every_message_is_read_back_as_itself() -> None:
    """Else a report would tell a record's sentence as another one, or half of it in English."""
    wrong = []
    known = catalogue_of("zh")
    with in_language("zh"):
        for message in sorted({f.forms[0] for f in found_messages() if is_read_back(f)}):
            places = sample(message)
            letters = [name for name in places if not isinstance(places[name], int)]
            if not any(map(str.isalpha, message.format(**dict.fromkeys(places, 1)))) and letters:
                continue  # nothing but names of nobody's: left as it is
            if message in known.counting:
                told = known.counting[message][0].format(**{"count": 1, **places})
            else:
                told = translate(message, **places)
            shown = as_shown(message.format(**places))
            if shown != told and not _is_mostly_names(message):
                wrong.append((message, shown))
    assert wrong == []


def _is_mostly_names(message: str) -> bool:
    """Whether names of nobody's outweigh its words, so that it is left as it is."""
    places = sample(message)
    own = sum(map(str.isalpha, message.format(**dict.fromkeys(places, 1))))
    return own < 3 * sum(not isinstance(value, int) for value in places.values())


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        (
            "On these 309 test rows, tuned is better than base on exact match, token F1 and chrF. "
            "Next-token accuracy: better; loss: no difference shown.",
            "在这 309 行测试数据上，tuned 优于 base（完全匹配、词元 F1、chrF）。"
            "下一词元准确率：更好；损失：未显示差异。",
        ),
        ("Better, not usable yet", "更好，尚不可用"),
        (
            "12 of 40 answers cannot be used (30 %, 20 to 44): 10 do not end, 2 repeat themselves.",
            "40 个回答中有 12 个不可用（30 %，20 到 44）：10 个没有结束，2 个自我重复。",
        ),
        (
            "None of 1,040 answers that can be checked is right; weakest: company (1 of 5), "
            "letters (2 of 7).",
            "1,040 个可核对的回答没有一个正确；最弱的是：company（5 个中 1 个），"
            "letters（7 个中 2 个）。",
        ),
        (
            "Judge llama3: noisy, use with care (the same answer gets scores 12 points apart; only "
            "3 rows to try it with). Take a larger model as judge, and try it alone.",
            "评审模型 llama3：有噪声，谨慎使用（同一个回答的得分相差 12 分；"
            "只有 3 行可用来检验它）。请换一个更大的模型做评审，并先单独检验它。",
        ),
        (
            "The task 'better, or worse' is the weakest: tuned earns 72.4 points less there than "
            "elsewhere. More rows like it, or better ones, help most.",
            "任务 'better, or worse' 最弱：tuned 在这里的得分比别处低 72.4 分。"
            "更多这类行，或更好的行，帮助最大。",
        ),
        (
            "1,012 of 9,000 rows were dropped (1,000 too long, 12 exact duplicate): "
            "data/dropped.jsonl",
            "9,000 行中丢弃了 1,012 行（1,000 个太长，12 个完全重复）：data/dropped.jsonl",
        ),
    ],
)
def test_sentences_of_records_are_told_whole(english: str, chinese: str) -> None:
    with in_language("zh"):
        assert as_shown(english) == chinese
    assert as_shown(english) == english


@pytest.mark.parametrize(
    "text",
    [
        "The order of Mrs Miller was lost, and she wants her money back: two rows of tulips.",
        "my plug-in says: it found 3 rows",
        "rows, and rows, and other rows of beans",
        "{count} of {total}",
        "",
        "." * 5_000,
    ],
)
def test_texts_that_are_not_ours_stay_as_they_are(text: str) -> None:
    with in_language("zh"):
        assert as_shown(text) == text


def test_counting_joining_and_the_pages_language() -> None:
    rows = Plural("{count:,} row", "{count:,} rows")
    assert (rows.of(1), rows.of(1200), language_tag()) == ("1 row", "1,200 rows", "en")
    assert listing_with_and("a", "b", "c") == "a, b and c"
    assert sentences("One.", "", "Two.") == "One. Two."
    with in_language("zh"):
        assert (rows.of(1), rows.of(1200), language_tag()) == ("1 行", "1,200 行", "zh-Hans")
        assert listing_with_and("a", "b", "c") == "a、b、c"
        assert sentences("一。", "", "二。") == "一。二。"
    assert rows.of(2) == "2 rows"


def test_a_message_without_a_translation_is_shown_in_english() -> None:
    with in_language("zh"):
        assert translate("Nobody ever translated {count:,} of these", count=1200) == (
            "Nobody ever translated 1,200 of these"
        )
        assert Plural("{count} dodo", "{count} dodos").of(2) == "2 dodos"


def test_reading_back_grows_with_the_text_and_not_faster() -> None:
    """A hostile text of commas, stops and our own words is given up at a bound, and soon."""
    text = "3 rows, better and worse; exact match. " * 60
    with in_language("zh"):
        assert as_shown(text)
