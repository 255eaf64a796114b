"""A template that asks for the date writes the one that was fixed, here and in transformers."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.templates.texts import joined
from tests.tiny import byte_tokenizer
from tunesmith.errors import RecipeError
from tunesmith.examples.example import Message
from tunesmith.recipe.recipe import TemplateRecipe
from tunesmith.templates.clock import date_in_words, reads_clock, unset_dates
from tunesmith.templates.names import find_template, template_from_contract
from tunesmith.templates.template import Template, TokenizerTexts

MONDAY = datetime(2026, 11, 30, 9, 5, 7, 123456)
TURNS = (
    "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% if m.role == 'assistant' %}"
    "{{ eos_token }}{% endif %}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"
)
GUARDED = (
    "{% if date_string is not defined %}{% if strftime_now is defined %}"
    "{% set date_string = strftime_now('%d %b %Y') %}{% else %}"
    "{% set date_string = '26 Jul 2024' %}{% endif %}{% endif %}Today Date: {{ date_string }}\n"
)
IN_A_MACRO = (
    "{% macro head(form) %}<{{ strftime_now(form) }}>{% endmacro %}{{ head('%A, %-d %B %Y') }}"
)
ASKING = [
    ("{{ strftime_now('%Y-%m-%d') }}", "2026-11-30"),
    ("{{ strftime_now('%H:%M:%S.%f') }}", "09:05:07.123456"),
    ("{{ strftime_now(format='%d %B %Y') }}", "30 November 2026"),
    (GUARDED, "Today Date: 30 Nov 2026\n"),
    (IN_A_MACRO, "<Monday, 30 November 2026>"),
    ("{% for m in messages[:1] %}{{ strftime_now('%I %p, 100%%') }}{% endfor %}", "09 AM, 100%"),
    ("{% set f = '%' ~ 'Y' %}{{ strftime_now(f) }}", "2026"),
]
ASKED = [Message(role="user", content="Where is the pump?")]


def template(text: str, *, moment: datetime | None = MONDAY, **settings: Any) -> Template:
    tokenizer = TokenizerTexts(
        begin=None,
        begin_token=None,
        end_token="<|end|>",
        control_tokens=frozenset({"<|end|>"}),
        chat_template=text + TURNS,
    )
    return find_template(TemplateRecipe(name="chat", **settings), tokenizer, moment=moment)


@pytest.mark.parametrize(("head", "written"), ASKING)
def test_the_moment_is_written_here_and_in_every_other_tool(head: str, written: str) -> None:
    found = template(head)
    prompt = joined(found.render_prompt(ASKED))
    assert prompt == f"{written}[user]Where is the pump?[assistant]"
    tokenizer = byte_tokenizer()
    tokenizer.chat_template = found.chat_template
    asked = [{"role": "user", "content": "Where is the pump?"}]
    theirs = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
    assert theirs == prompt


@pytest.mark.parametrize(("head", "written"), ASKING)
def test_the_contract_keeps_the_moment(head: str, written: str) -> None:
    contract = template(head).contract
    assert contract["date"] == "2026-11-30T09:05:07.123456"
    again = template_from_contract(contract, template("").texts)  # type: ignore[attr-defined]
    assert again.contract == contract
    assert joined(again.render_prompt(ASKED)).startswith(written)


def test_without_a_moment_the_clock_goes_on() -> None:
    found = template("{{ strftime_now('%Y') }}", moment=None)
    assert joined(found.render_prompt(ASKED)).startswith(str(datetime.now().year))
    assert "date" not in found.contract


def test_a_recipe_names_another_date_or_none() -> None:
    head = "{{ strftime_now('%d.%m.%Y %H:%M') }}|"
    for date, written in (
        ("none", "|"),
        ("2001-02-03", "03.02.2001 00:00|"),
        ("2001-02-03 04:05", "03.02.2001 04:05|"),
        ("2001-02-03T04:05:06", "03.02.2001 04:05|"),
    ):
        for moment in (MONDAY, None):
            found = template(head, moment=moment, date=date)
            assert joined(found.render_prompt(ASKED)).startswith(written + "[user]")
    for wrong in ("yesterday", "2026-13-01", "30.11.2026", "20261130"):
        with pytest.raises(ValueError, match="is no date; write auto, none, 2026-11-30"):
            TemplateRecipe(name="chat", date=wrong)


def test_a_date_that_nobody_writes_is_refused() -> None:
    with pytest.raises(RecipeError, match="does not ask for the date"):
        template("", date="2001-02-03")
    with pytest.raises(ValueError, match="no effect on alpaca"):
        TemplateRecipe(name="alpaca", date="none")
    recipe = TemplateRecipe(name="auto", date="none")
    with pytest.raises(RecipeError, match="writes no date"):
        find_template(recipe, TokenizerTexts(
            begin=None, begin_token=None, end_token="x", control_tokens=frozenset(),
            chat_template=None,
        ))  # fmt: skip


def test_a_template_that_sets_the_clock_itself_reads_none() -> None:
    own = "{% macro strftime_now(f) %}never{% endmacro %}{{ strftime_now('%Y') }}"
    assert not reads_clock(template(own).compiled)  # type: ignore[attr-defined]
    assert joined(template(own).render_prompt(ASKED)).startswith("never[user]")


@pytest.mark.parametrize(
    "call", ["now()", "datetime.now().year", "utcnow()", "date.today()", "get_current_date()"]
)
def test_a_clock_that_no_tool_has_is_refused_with_the_cure(call: str) -> None:
    with pytest.raises(RecipeError, match="is undefined") as caught:
        template("{{ " + call + " }}")
    assert "strftime_now('%Y-%m-%d')" in str(caught.value.cure)


def test_variables_that_are_dates_by_their_name_are_found() -> None:
    names = ("date_string", "currentDate", "today", "candidate", "enabled", "update", "timeout")
    found = template("".join(f"{{{{ {name} }}}}" for name in (*names, "todays_date")))
    compiled = found.compiled  # type: ignore[attr-defined]
    given = frozenset({"messages", "today"})
    assert unset_dates(compiled, given) == ["currentDate", "date_string", "todays_date"]
    guarded = template(GUARDED).compiled  # type: ignore[attr-defined]
    assert unset_dates(guarded, given) == []


def test_a_date_is_said_as_people_write_it() -> None:
    assert date_in_words("2026-11-30T09:05:07.123456") == "2026-11-30 09:05:07"
    assert date_in_words("none") == "nothing"


def test_a_real_template_writes_the_date_alike_in_every_tool(shared_data: Path) -> None:
    text = (shared_data / "chat_templates/trl_llama3_2.jinja").read_text(encoding="utf-8")
    texts = TokenizerTexts(
        begin=None,
        begin_token="<|begin|>",
        end_token="<|end|>",
        control_tokens=frozenset({"<|begin|>", "<|end|>"}),
        chat_template=text,
    )
    found = find_template(TemplateRecipe(name="chat"), texts, moment=MONDAY)
    prompt = joined(found.render_prompt(ASKED))
    assert "Today Date: 30 Nov 2026\n" in prompt
    tokenizer = byte_tokenizer()
    tokenizer.chat_template = found.chat_template
    asked = [{"role": "user", "content": ASKED[0].content}]
    theirs = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
    assert theirs == prompt
    named = TemplateRecipe(name="chat", options={"date_string": "1 May 2001"})
    assert "Today Date: 1 May 2001\n" in joined(find_template(named, texts).render_prompt(ASKED))
