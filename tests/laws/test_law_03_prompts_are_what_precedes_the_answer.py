"""Law 3: for every assistant turn, the prompt when answering is what precedes the trained ids.

For ordinary text it equals what `apply_chat_template` gives. One begin token, never two.
"""

import pytest

from tests.laws.pairs import (
    FEW_PAIRS,
    INEXACT,
    Pair,
    answers,
    chat_ids,
    control_ids,
    conversation,
    encoded_turns,
    fitting,
    pair_of,
    template_paths,
)
from tunesmith.errors import DataError, RecipeError
from tunesmith.recipe.recipe import TemplateRecipe
from tunesmith.templates.names import CHATS, LAYOUTS, find_template
from tunesmith.tokens.encode import encode_prompt
from tunesmith.tokens.tokenizer import Tokenizer

CONVERSATIONS = [
    conversation("What is up?", "Not much."),
    conversation("Hi", "**Bold** start", "go on", '"quoted"', "more", "(end)"),
    conversation(
        "  indented\n", "\n\nnew lines first\n", "x", "  two spaces  ", system="Be brief."
    ),
    conversation(
        "Grüße 日本 👍🏽", "ok 🇩🇪", "int main() {\n\n    return 0;\n}", "...", system=" s "
    ),
    conversation("a\n\n\n\nb        c", "\tTab", "1234567", "-5.5e10\n\n"),
]


def test_prompts_equal_apply_chat_template_and_precede_each_answer(pair: Pair) -> None:
    tokenizer = pair.tokenizer
    for path, template in pair.exact_templates():
        for messages in (fitting(path, one) for one in CONVERSATIONS):
            turns = encoded_turns(template.render(messages), tokenizer)
            assert len(turns) == len(answers(messages))
            for index, (before, _) in zip(answers(messages), turns, strict=True):
                expected = chat_ids(tokenizer, path, messages[:index])
                prompt = encode_prompt(template.render_prompt(messages[:index]), tokenizer)
                assert before == expected, (path.name, messages[:index])
                assert prompt.tolist() == expected, (path.name, messages[:index])


@pytest.mark.parametrize("name", ["alpaca", "question-answer", "concatenate"])
def test_text_prompts_are_the_tokenizers_own_ids_with_one_begin_token(
    name: str, pair: Pair
) -> None:
    tokenizer = pair.tokenizer
    template = find_template(TemplateRecipe(name=name), tokenizer.texts)
    for messages in (*CONVERSATIONS[:1], conversation(" Indented, 日本", "...so", "x")[:2]):
        prompt = encode_prompt(template.render_prompt(messages[:1]), tokenizer).tolist()
        (before, trained), *rest = encoded_turns(template.render(messages), tokenizer)
        written = "".join(segment.text for segment in template.render_prompt(messages[:1]))
        plain = written.removeprefix((tokenizer.texts.begin or "").rstrip())
        plain = plain[1:] if (tokenizer.texts.begin or "").endswith(" ") else plain
        plain = plain if messages[0].content in plain else f" {plain}"
        assert not rest
        assert before == prompt == tokenizer.hf(plain).input_ids
        assert trained[-1] == tokenizer.end_id
        assert tokenizer.decode(trained) == messages[1].content + tokenizer.texts.end_token


@pytest.mark.parametrize("name", sorted([*CHATS, *LAYOUTS, "plain"]))
def test_saved_chat_template_renders_the_same_prompts(name: str, pair: Pair) -> None:
    tokenizer = pair.tokenizer
    system = None if name in ("plain", "concatenate") else "Be 'brief'.\n"
    template = find_template(TemplateRecipe(name=name, system=system), tokenizer.texts)
    begin = _put_in_front(tokenizer)
    for messages in CONVERSATIONS:
        asked = messages[: len(messages) - 1] if name in CHATS else messages[-2:-1]
        turns = [{"role": turn.role, "content": turn.content} for turn in asked]
        theirs = tokenizer.hf.apply_chat_template(
            turns, chat_template=template.chat_template, add_generation_prompt=True
        )
        ours = encode_prompt(template.render_prompt(asked), tokenizer)
        assert ours.tolist() == theirs.input_ids, messages
        assert ours[: len(begin)].tolist() == begin, "the tokenizer's own begin token"
        assert not begin or ours[len(begin)] not in begin, "and no second one"


def test_thinking_written_by_the_template_gets_its_control_tokens(pair: Pair) -> None:
    tokenizer = pair.tokenizer
    thought = "<think>\nHm, 1 + 1.\n</think>\n\nTwo."
    messages = conversation("1 + 1?", thought, "Sure?", thought)
    for path, template in pair.exact_templates():
        if not path.name.startswith(("trl_qwen3", "rewrites_history")):
            continue
        turns = encoded_turns(template.render(messages), tokenizer)
        for index, (before, trained) in zip(answers(messages), turns, strict=True):
            assert before == chat_ids(tokenizer, path, messages[:index])
            whole = chat_ids(tokenizer, path, messages[: index + 1], is_prompt=False)
            stop = tokenizer.decode(trained)
            assert "Hm, 1 + 1." in stop
            if "</think>" in control_ids(tokenizer):
                assert [*before, *trained] == whole[: len(before) + len(trained)]


@pytest.mark.parametrize("names", FEW_PAIRS, ids=": ".join)
def test_a_template_without_an_exact_border_is_refused_by_name(names: tuple[str, str]) -> None:
    pair = pair_of(*names)
    (path,) = (path for path in template_paths(pair.folder) if path.name in INEXACT)
    with pytest.raises(RecipeError, match=r"<think>.*template\.options"):
        find_template(TemplateRecipe(name=str(path)), pair.tokenizer.texts)


def test_what_a_template_refuses_is_refused_in_its_words(pair: Pair) -> None:
    for path, template in pair.exact_templates():
        if path.name == "refuses_system.jinja":
            with pytest.raises(DataError, match="the template says: only user and assistant"):
                template.render(CONVERSATIONS[2])
        if path.name == "trims_all.jinja":
            with pytest.raises(DataError, match="the template says: first the user speaks"):
                template.render([*CONVERSATIONS[0][:1], *CONVERSATIONS[0]])


@pytest.mark.parametrize("names", FEW_PAIRS, ids=": ".join)
def test_saved_copies_of_chat_templates_render_the_same_prompts(names: tuple[str, str]) -> None:
    messages = conversation("Hi", "**Yo**", "again")
    pair = pair_of(*names)
    tokenizer = pair.tokenizer
    for path in template_paths(pair.folder):
        if path.name in INEXACT or path.name == "refuses_system.jinja":
            continue
        recipe = TemplateRecipe(name=str(path), system="Be 'brief'.\nReally.")
        template = find_template(recipe, tokenizer.texts)
        theirs = tokenizer.hf.apply_chat_template(
            [{"role": turn.role, "content": turn.content} for turn in messages],
            chat_template=template.chat_template,
            add_generation_prompt=True,
        )
        ours = encode_prompt(template.render_prompt(messages), tokenizer)
        assert ours.tolist() == theirs.input_ids, path.name


def _put_in_front(tokenizer: Tokenizer) -> list[int]:
    """The ids that the tokenizer itself begins every text with."""
    whole = tokenizer.hf("Hello").input_ids
    return whole[: len(whole) - len(tokenizer.hf("Hello", add_special_tokens=False).input_ids)]
