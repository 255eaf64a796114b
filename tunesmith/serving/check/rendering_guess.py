"""A run's template and tokenizer -> the prompts a server might have read instead of the run's.

Each guess is one way in which servers get prompts wrong. Token counts in `usage` rule most of
them out; what the run's own weights answer to the others tells which one it is.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from tunesmith.errors import TunesmithError
from tunesmith.examples.example import Message
from tunesmith.recipe.recipe import TemplateRecipe
from tunesmith.serving.check.checked_row import CheckedRow, KnownAnswer
from tunesmith.templates.names import NAMES, find_template
from tunesmith.templates.template import Rendering, Segment, Template
from tunesmith.tokens.tokenizer import Tokenizer

OURS = "the run's template"
_SYSTEM_PROMPTS = (
    "You are a helpful assistant.",
    "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.",
    "You are a helpful AI assistant named SmolLM, trained by Hugging Face",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderingGuess:
    """A way to lay out a prompt.

    Attributes:
        cause: Its kind, as `--json` names it.
        words: What a server that does it does.
        cure: What to do about it.
        ids: The prompt's token ids for a row; None where it cannot express the row.
    """

    cause: str
    words: str
    cure: str
    ids: Callable[[CheckedRow], list[int] | None]


def rendering_guesses(template: Template, tokenizer: Tokenizer) -> list[RenderingGuess]:
    """Every guess, the likeliest first."""
    begin = tokenizer.texts.begin_token
    begin_id = tokenizer.control_ids.get(begin) if begin else None
    other = [*_other_systems(template, tokenizer), *_other_templates(template, tokenizer)]
    return [
        *_begins(begin_id, str(begin)),
        RenderingGuess(
            cause="no generation prompt",
            words="it leaves out what the template writes before an answer",
            cure="Render with add_generation_prompt.",
            ids=lambda row: tokenizer.encoder.prompt_ids(_without_lead(row.rendering, tokenizer)),
        ),
        RenderingGuess(
            cause="control tokens in user text",
            words="it reads control tokens that a user typed",
            cure="Have it encode user text with special tokens switched off.",
            ids=lambda row: tokenizer.encoder.prompt_ids(_all_template(row.rendering)),
        ),
        *other,
        *(more for one in other for more in _with_begin_changed(one, begin_id, str(begin))),
    ]


def _begins(begin_id: int | None, begin: str) -> Iterator[RenderingGuess]:
    """One begin token more than the run's prompts have, or one less."""
    if begin_id is None:
        return
    yield RenderingGuess(
        cause="second begin token",
        words=f"it adds a begin token {begin} of its own before the prompt",
        cure="The chat template writes it already: switch add_bos_token off, or take it out of "
        "the template that the server has.",
        ids=lambda row: [begin_id, *row.ids],
    )
    yield RenderingGuess(
        cause="no begin token",
        words=f"it leaves out the begin token {begin}",
        cure="Use the chat template that lies beside the run's weights (chat_template.jinja).",
        ids=lambda row: list(row.ids[1:]) if row.ids[:1] == (begin_id,) else None,
    )


def _without_lead(rendering: Rendering, tokenizer: Tokenizer) -> Rendering:
    """A prompt up to the last thing a person wrote, and the end of that turn."""
    last = max((at for at, one in enumerate(rendering) if one.is_content), default=-1)
    tail = "".join(one.text for one in rendering[last + 1 :])
    places = [tail.rfind(token) for token in tokenizer.control_ids if token in tail]
    kept = tail[: max(places)] if places else ""
    return (*rendering[: last + 1], Segment(text=kept, is_content=False, is_trained=False))


def _all_template(rendering: Rendering) -> Rendering:
    return tuple(replace(one, is_content=False) for one in rendering)


def _other_systems(template: Template, tokenizer: Tokenizer) -> Iterator[RenderingGuess]:
    cure = "Use the chat template that lies beside the run's weights (chat_template.jinja)."
    for text in _SYSTEM_PROMPTS:
        yield RenderingGuess(
            cause="other system prompt",
            words=f"it adds a system prompt that the run has not ({text!r})",
            cure=cure,
            ids=_rendered(template, tokenizer, lambda row, text=text: _led(row, text)),  # type: ignore[misc]
        )
    own = template.contract.get("system")
    if own:
        bare = _named(TemplateRecipe(name=template.name), tokenizer)
        if bare is not None:
            yield RenderingGuess(
                cause="other system prompt",
                words="it leaves out the run's system prompt",
                cure=cure,
                ids=_rendered(bare, tokenizer, lambda row: row.messages),
            )
    yield RenderingGuess(
        cause="other system prompt",
        words="it leaves out system messages",
        cure=cure,
        ids=_rendered(template, tokenizer, _unled),
    )


def _other_templates(template: Template, tokenizer: Tokenizer) -> Iterator[RenderingGuess]:
    for name in NAMES:
        found = (
            None
            if name in ("auto", template.name)
            else _named(TemplateRecipe(name=name), tokenizer)
        )
        if found is None or found.contract == template.contract:
            continue
        yield RenderingGuess(
            cause="wrong template",
            words=f"it asks with template {name} instead of {template.name}",
            cure="Give it the chat template that lies beside the run's weights "
            "(chat_template.jinja).",
            ids=_rendered(found, tokenizer, lambda row: row.messages),
        )
    yield RenderingGuess(
        cause="wrong template",
        words="it sends the texts of the messages bare, without a template",
        cure="Give it the chat template that lies beside the run's weights (chat_template.jinja).",
        ids=lambda row: tokenizer.encoder.prompt_ids(_bare(row.messages)),
    )


def _with_begin_changed(
    guess: RenderingGuess, begin_id: int | None, begin: str
) -> Iterator[RenderingGuess]:
    """The same with a begin token before it, where it has none; or without, where it has one."""
    if begin_id is None:
        return
    asked = (Message(role="user", content="a"),)
    row = CheckedRow(
        example_id="", messages=asked, rendering=(), ids=(), tuned=KnownAnswer(text="")
    )
    has_begin = (guess.ids(row) or [])[:1] == [begin_id]

    def changed(row: CheckedRow) -> list[int] | None:
        ids = guess.ids(row)
        if ids is None or (ids[:1] == [begin_id]) is not has_begin:
            return None
        return ids[1:] if has_begin else [begin_id, *ids]

    words = f"{guess.words}, {'without' if has_begin else 'with'} {begin} before it"
    yield replace(guess, words=words, ids=changed)


def _named(recipe: TemplateRecipe, tokenizer: Tokenizer) -> Template | None:
    try:
        return find_template(recipe, tokenizer.texts)
    except TunesmithError:  # this tokenizer cannot have it, so no server has it with this model
        return None


def _rendered(
    template: Template,
    tokenizer: Tokenizer,
    messages_of: Callable[[CheckedRow], Sequence[Message] | None],
) -> Callable[[CheckedRow], list[int] | None]:
    def ids(row: CheckedRow) -> list[int] | None:
        messages = messages_of(row)
        if messages is None:
            return None
        try:
            return tokenizer.encoder.prompt_ids(template.render_prompt(messages))
        except TunesmithError:
            return None

    return ids


def _led(row: CheckedRow, text: str) -> Sequence[Message] | None:
    if row.messages[0].role == "system":
        return None
    return [Message(role="system", content=text), *row.messages]


def _unled(row: CheckedRow) -> Sequence[Message] | None:
    return row.messages[1:] if row.messages[0].role == "system" else None


def _bare(messages: Sequence[Message]) -> Rendering:
    text = "\n".join(one.content for one in messages)
    return (Segment(text=text, is_content=True, is_trained=False),)
