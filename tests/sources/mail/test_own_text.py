"""Whose words are whose in a mail: quotes and signatures of some thirty languages."""

from pathlib import Path

import pytest

from tunesmith.sources.mail.own_text import OwnText, own_text

HERE = Path(__file__).parent
ANSWER = "Three days, by rail."
QUOTED = "How long does it take?"


def lines_of(name: str) -> list[str]:
    """The cases of a file: the language, and the lines."""
    text = (HERE / name).read_text(encoding="utf-8")
    return [line.replace("|", "\n") for line in text.splitlines() if not line.startswith("#")]


def words(own: OwnText) -> str:
    """All that came out, without what marks quotes."""
    quotes = [f"{quote.introduction} {quote.text}" for quote in own.quotes]
    return " ".join(" ".join([own.text, *quotes, own.signature]).replace(">", " ").split())


@pytest.mark.parametrize("case", lines_of("reply_lines.txt"))
@pytest.mark.parametrize("mark", ["> ", ""])
def test_the_line_above_a_quote_is_no_part_of_the_answer(case: str, mark: str) -> None:
    line = case[3:]
    own = own_text(f"{ANSWER}\n\n{line}\n{mark}\n{mark}{QUOTED}\n")
    assert own.text == ANSWER
    (quote,) = own.quotes
    assert quote.introduction == line
    assert quote.text.strip() == QUOTED
    assert quote.author == ("mara@client.example" if "@" in line else None)


@pytest.mark.parametrize("case", lines_of("reply_lines.txt"))
def test_an_answer_below_a_quote_stays(case: str) -> None:
    own = own_text(f"{case[3:]}\n\n> {QUOTED}\n\n{ANSWER}\n")
    assert own.text == ANSWER
    assert len(own.quotes) == 1


@pytest.mark.parametrize("case", lines_of("header_blocks.txt"))
@pytest.mark.parametrize("blank", ["\n", "\n\n"])
def test_what_stands_below_the_headers_of_a_mail_is_that_mail(case: str, blank: str) -> None:
    block = case[3:]
    own = own_text(f"{ANSWER}{blank}{block}\n\n{QUOTED}\n\nMore.\n")
    assert own.text == ANSWER
    (quote,) = own.quotes
    assert quote.text.strip() == f"{QUOTED}\n\nMore."
    assert quote.author in ("mara@client.example", "Mara Voss")


@pytest.mark.parametrize("case", lines_of("signature_lines.txt"))
def test_a_signature_is_no_part_of_the_answer(case: str) -> None:
    signature = case[3:]
    body = f"{ANSWER}\n\n{signature}\n"
    own = own_text(body)
    assert (own.text, own.signature.replace("--\n", "-- \n")) == (
        ANSWER,
        signature.replace("--\n", "-- \n"),
    )
    assert own_text(f"{body}\nOn 1/5/26 10:00, Mara wrote:\n> {QUOTED}\n").text == ANSWER


@pytest.mark.parametrize(
    "text",
    [
        "From: Berlin\nTo: Paris\nDate: Monday\nIs there a train?",
        "Please send it by 10:00:\nthe key, the lock",
        "On Monday we wrote:\nnothing",
        "Which of them is right?\n\n- the red one\n- the blue one",
        "def f():\n    return 1\n\n    # indented",
        "It was sent from the depot on Monday.",
        "Is this message about my order?",
        "Thanks for the answer!\n\nOne more thing: where is the key?",
        "Best\nwould be the blue one, as it is lighter. Do you have it?",
        "Thanks\n\nPS: where is the key?",
        "1. first\n2. second\n--------------------\n3. third",
        "It is late.\nThanks, it works",
        "Which one?\nOutlook for iOS crashes",
        "The e-mail address is on the back, is it not?",
    ],
)
def test_ones_own_words_stay(text: str) -> None:
    assert own_text(text).text == text


def test_answers_between_quotes_stay_in_order() -> None:
    own = own_text(
        "Hello,\n\nOn 1/5/26 10:00, Mara wrote:\n> Is it open?\n\n"
        "Yes.\n\n> And on Sundays?\n\nNo.\n"
    )
    assert own.text == "Hello,\n\nYes.\n\nNo."
    assert [quote.text for quote in own.quotes] == ["Is it open?", "And on Sundays?"]


def test_quotes_in_quotes_are_told_apart() -> None:
    deep = "\n".join(["On 1/6/26 10:00, Ben wrote:", "> Yes.", "> On 1/5/26 10:00, Mara wrote:"])
    own = own_text(f"Thanks!\n\n{deep}\n>> Is it open?\n")
    assert own.text == "Thanks!"
    inner = own_text(own.quotes[0].text)
    assert (inner.text, inner.quotes[0].text) == ("Yes.", "Is it open?")


def test_two_quotes_in_a_row_are_two() -> None:
    above = ["On 1/5/26 10:00, Mara wrote:", "On 1/6/26 10:00, Ben wrote:"]
    own = own_text(f"Hi.\n\n{above[0]}\n> one\n{above[1]}\n> two\n")
    assert [(quote.introduction, quote.text) for quote in own.quotes] == [
        (above[0], "one"),
        (above[1], "two"),
    ]


def test_the_rest_of_a_quoted_line_that_lost_its_mark_is_quoted() -> None:
    long = "> " + "word " * 15
    own = own_text(f"Yes.\n\n{long}\nrest\n> more\n")
    assert own.text == "Yes."
    assert own_text("> Is it open?\nYes\n> And on Sundays?\n").text == "Yes"


@pytest.mark.parametrize("name", ["reply_lines.txt", "header_blocks.txt", "signature_lines.txt"])
def test_every_word_comes_out_once(name: str) -> None:
    for case in lines_of(name):
        body = f"one {ANSWER}\n\n{case[3:]}\n> two {QUOTED}\n\nthree\n\n> four\n"
        assert sorted(words(own_text(body)).split()) == sorted(body.replace(">", " ").split())
