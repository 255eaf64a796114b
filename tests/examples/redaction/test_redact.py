"""What identifies people or opens doors is replaced; what only looks like it stays."""

import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples.splitting import planted
from tunesmith.examples.example import Example, Message
from tunesmith.examples.redaction.handles import pseudonym
from tunesmith.examples.redaction.redact import (
    ALL_KINDS,
    redact,
    redact_dropped,
    redact_name,
    redact_text,
)
from tunesmith.files import read_json_lines
from tunesmith.sources.row import Dropped

FRAMES = ["{}", "Please use {} for that.", "- {}\n- other", "({})", "Is it {}?", "see:{}, ok"]


def hidden(text: str, *kinds: str) -> tuple[str, Counter[str]]:
    counts: Counter[str] = Counter()
    return redact_text(text, kinds or ALL_KINDS, counts), counts  # type: ignore[arg-type]


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("card", planted.cards())
def test_every_card_that_passes_luhn_is_hidden(card: str, frame: str) -> None:
    assert hidden(frame.format(card)) == (frame.format("[card]"), Counter(card=1))


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("iban", planted.ibans())
def test_every_iban_that_passes_mod_97_is_hidden(iban: str, frame: str) -> None:
    assert hidden(frame.format(iban)) == (frame.format("[iban]"), Counter(account=1))


def test_one_wrong_digit_is_enough_to_stay() -> None:
    for number in (planted.cards()[0], planted.ibans()[0]):
        wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
        assert hidden(wrong, "card", "account") == (wrong, Counter())


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("key", planted.keys(), ids=lambda key: key[:10])
def test_every_key_is_hidden(key: str, frame: str) -> None:
    assert hidden(frame.format(key)) == (frame.format("[secret]"), Counter(secret=1))


@pytest.mark.parametrize(("text", "secret"), planted.logins())
def test_every_login_is_hidden(text: str, secret: str) -> None:
    for frame in ("{}", "Hello.\n{}\nBye.", "{}\n"):
        shown, counts = hidden(frame.format(text))
        assert secret not in shown
        assert "[secret]" in shown
        assert counts["secret"] == 1


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("mail", planted.MAILS)
def test_every_mail_address_is_hidden(mail: str, frame: str) -> None:
    assert hidden(frame.format(mail)) == (frame.format("[email]"), Counter(email=1))


def test_phones_of_ten_countries_are_hidden() -> None:
    frames = ("{}", "Reach us at {} today.", "Tel.: {}", "My number:\n{}", "({}, office)")
    missed = {}
    for country, numbers in planted.PHONES.items():
        texts = [frame.format(number) for number in numbers for frame in frames]
        found = [any(c.isdigit() for c in hidden(text, "phone")[0]) for text in texts]
        missed[country] = sum(found) / len(found)
    assert len(missed) >= 10
    assert sum(missed.values()) / len(missed) <= 0.05, missed


@pytest.mark.parametrize("frame", ["({})", "It is ({}), I think.", "First line\n{}", "order\n{}"])
def test_brackets_and_the_line_above_hide_no_phone(frame: str) -> None:
    for number in ("415-555-2671", "01 42 68 53 00", "030 12345678", "612 34 56 78"):
        assert hidden(frame.format(number)) == (frame.format("[phone]"), Counter(phone=1))
    assert hidden("see line 0301234567 of it")[1] == Counter()


def test_ip_addresses_are_hidden() -> None:
    text = "ssh to 10.1.2.3, 203.0.113.77:8080 or 192.168.0.0/24; 2001:db8::8a2e:370:7334, fe80::1"
    shown, counts = hidden(text)
    assert shown == "ssh to [ip], [ip]:8080 or [ip]/24; [ip], [ip]"
    assert counts == Counter(ip=5)


def test_other_accounts_with_a_checksum() -> None:
    text = "CLABE 032180000118359719, Belgian 539-0075470-34, routing number 021000021"
    assert hidden(text)[1] == Counter(account=3)
    wrong = "routing number 021000022, 539-0075470-35, 032180000118359718"
    assert hidden(wrong, "account") == (wrong, Counter())


@pytest.mark.parametrize("text", planted.HARMLESS)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert hidden(text) == (text, Counter())


def test_a_handle_has_one_pseudonym_throughout() -> None:
    shown, counts = hidden("@alice asks <@U0BMQB6JE> and @bob.smith; @Alice again")
    first, second, third, fourth = (word.strip(";") for word in shown.split() if word[0] == "@")
    assert first == fourth == pseudonym("alice", seed=0)
    assert len({first, second, third}) == 3
    assert counts == Counter(handle=4)
    assert pseudonym("alice", seed=1) != first


def test_all_of_an_example_is_cleaned() -> None:
    mail = planted.MAILS[0]
    example = Example(
        messages=(
            Message(role="system", content=f"You are {mail}"),
            Message(role="user", content="Who?", input=f"Ask {mail}"),
            Message(role="assistant", content=f"{mail} and {mail}", is_trained=True),
        ),
        source=f"Chat with {mail}.txt:17",
        group=f"{mail}.txt",
        tags=(f"by {mail}",),
    )
    shown, counts = redact(example, ["email"])
    assert "example.org" not in repr(shown)
    assert counts == Counter(email=5)
    assert shown.source == "Chat with [email]:17"
    assert [m.role for m in shown.messages] == ["system", "user", "assistant"]
    assert shown.messages[2].is_trained is True


def test_a_clean_example_is_the_same_object_and_no_kinds_change_nothing() -> None:
    turns = (Message(role="user", content="q"), Message(role="assistant", content="a"))
    example = Example(messages=turns, source="a:1")
    assert redact(example, ALL_KINDS)[0] is example
    secret = replace(example, source=planted.MAILS[0])
    assert redact(secret, []) == (secret, Counter())


def test_places_keep_lines_and_message_times() -> None:
    for place in ("general/2026-01-05.json:1767600000.000100", "a_b-c.csv:17", "x.html:8#api-key"):
        assert redact_name(place, ALL_KINDS) == place
    assert redact_name("Chat with +49 171 1234567.txt:3", ALL_KINDS) == "Chat with [phone].txt:3"


def test_what_was_dropped_shows_no_secret_nor_half_of_one() -> None:
    key, mail = planted.keys()[0], planted.MAILS[0]
    text = f'{{"text": "{"x " * 84}", "k": "{key}"}}'[:200]
    item = Dropped(source="a.jsonl:1", reason="bad JSON", detail=f"no field {mail}", text=text)
    shown = redact_dropped(item, ALL_KINDS)
    assert key[:8] not in shown.text
    assert shown.detail == "no field [email]"
    card = planted.in_fours(planted.cards()[0])
    cut = redact_dropped(replace(item, text=("word " * 37 + card)[:200]), ALL_KINDS)
    assert card[:4] not in cut.text


WORDS = st.sampled_from(
    [*planted.MAILS, *planted.cards()[:3], *planted.keys()[:5], *planted.HARMLESS, "@alice", ":"]
    + [text for text, _ in planted.logins()]
    + [number for numbers in planted.PHONES.values() for number in numbers]
)


@settings(deadline=None)  # a loaded machine is no fault
@given(st.lists(WORDS, max_size=6), st.sampled_from([" ", "\n", ", ", ""]))
def test_hiding_twice_is_hiding_once(words: list[str], joiner: str) -> None:
    once, _ = hidden(joiner.join(words))
    again, counts = hidden(once)
    assert (again, counts) == (once, Counter())


@pytest.mark.parametrize(
    "text",
    [
        part * (300_000 // len(part))
        for part in (
            *("a", "1 ", "a_", "1.2", "@", "a@", "1-", "AB12 ", "0", ":", "://a:", "`@a` "),
            *("password: ", "eyJaaaaaaaaaa.", "(at) ", "030 12345678 "),
        )
    ],
    ids=lambda text: text[:6],
)
def test_time_is_linear_in_the_text(text: str) -> None:
    start = time.process_time()
    hidden(text)
    assert time.process_time() - start < 5


def test_under_one_per_cent_of_our_own_lines_are_touched() -> None:
    root = Path(__file__).parents[3]
    texts = [path.read_text(encoding="utf-8") for path in sorted(root.glob("docs/**/*.md"))]
    rows = read_json_lines(root / "tunesmith" / "starter" / "material" / "test.jsonl")
    texts += [f"{row['input']}\n{row['response']}" for row in rows]
    assert_hardly_touched([line for text in texts for line in text.split("\n") if line.strip()])


def test_under_one_per_cent_of_ordinary_lines_are_touched(shared_data: Path) -> None:
    path = shared_data / "lm_text" / "wikitext2_valid.txt"
    text = path.read_text(encoding="utf-8")
    assert_hardly_touched([line for line in text.split("\n") if line.strip()])


def assert_hardly_touched(lines: list[str]) -> None:
    touched = [line for line in lines if hidden(line)[1]]
    assert len(lines) > 1_000
    assert len(touched) < 0.01 * len(lines), touched
