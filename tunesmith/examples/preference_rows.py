"""A row with a chosen and a rejected answer -> the rejected one, to the same prompt; or why not.

The shapes are those that TRL, LLaMA-Factory and OpenAI document. A rejected answer is read exactly
as the chosen one is, in its place; what it answers has to be the same.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from tunesmith.examples.columns.column_names import ColumnChoice, ColumnRoles, column_roles
from tunesmith.examples.conversion.cell_text import is_blank, is_list
from tunesmith.examples.conversion.conversations import TOOL_CALLS
from tunesmith.examples.conversion.talk_forms import turn_list
from tunesmith.examples.example import Example, Message
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.row import Dropped, Row, RowError

NO_REJECTED, SAME_ANSWER = "no rejected answer", "chosen and rejected are the same"
OTHER_PROMPT = "chosen and rejected answer different prompts"
LEFT_OUT_OF_PREFERENCES = frozenset({NO_REJECTED, SAME_ANSWER, OTHER_PROMPT})
_OPENAI = ("input", "preferred_output", "non_preferred_output")
_Fields = Mapping[str, Any]
_Piece = TypeVar("_Piece")
_Read = Callable[[_Fields], Sequence[Message]]


def laid_out_rows(material: Iterable[_Piece], choice: ColumnChoice) -> Iterator[_Piece | Dropped]:
    """The rows of a source of preferences as prompt, chosen and rejected; other material as it is.

    Rows of another objective pass untouched.
    """
    if not choice.keeps_rejected:
        yield from material
        return
    for piece in material:
        if not isinstance(piece, Row):
            yield piece
            continue
        try:
            roles = column_roles(tuple(piece.fields), choice)
            yield replace(piece, fields=_laid_out(piece.fields, roles))
        except RowError as fault:
            yield Dropped.of(fault, source=piece.source, text=str(dict(piece.fields)))


def _laid_out(fields: _Fields, roles: ColumnRoles) -> _Fields:
    if all(name in fields for name in _OPENAI) and isinstance(fields["input"], Mapping):
        return _of_openai(fields)
    chosen, rejected = _first(fields, roles.chosen), _first(fields, roles.rejected)
    if chosen is None or rejected is None:
        return fields
    ends = {name: _as_list(fields[name]) for name in (chosen, rejected)}
    talk = next((name for name in roles.messages if _waits(fields[name])), None)
    if talk is not None:  # LLaMA-Factory's: a conversation that both answers continue
        rest = {name: value for name, value in fields.items() if name != talk}
        return {**rest, "prompt": fields[talk], **ends}
    texts = [fields[chosen], fields[rejected]]
    has_prompt = any(
        not is_blank(fields[name])
        for name in (*roles.instruction, *roles.messages, *roles.text, *roles.history)
    )
    if has_prompt or not all(isinstance(one, str) and turn_list(one) is None for one in texts):
        return {**fields, **ends}
    return {**fields, **_parted(chosen, rejected, texts)}


def _of_openai(fields: _Fields) -> _Fields:
    """OpenAI's rows: what is asked stands in `input`, each answer in a list."""
    asked, chosen, rejected = (fields[name] for name in _OPENAI)
    if asked.get("tools"):
        raise RowError(TOOL_CALLS, "the row offers tools to call")
    beside = {f"input.{key}": asked[key] for key in asked if key not in ("messages", "tools")}
    rest = {name: value for name, value in fields.items() if name not in _OPENAI}
    prompt = {"prompt": asked.get("messages")}
    return {**rest, **beside, **prompt, "chosen": chosen, "rejected": rejected}


def _parted(chosen: str, rejected: str, texts: Sequence[str]) -> dict[str, str]:
    """TRL's implicit prompt: the words with which both texts begin are what is asked."""
    shared = next((place for place, (one, other) in _places(*texts) if one != other), None)
    prompt = texts[0] if shared is None else texts[0][:shared]
    cut = max(map(prompt.rfind, " \n\t"))
    cut = len(prompt) if cut < 0 else cut
    if not prompt[:cut].strip():
        return {}
    ends = [text[cut:].lstrip() for text in texts]
    return {"prompt": prompt[:cut].rstrip(), chosen: ends[0], rejected: ends[1]}


def _places(one: str, other: str) -> Iterator[tuple[int, tuple[str, str]]]:
    return enumerate(zip(one, other, strict=False))


def rejected_answer(
    fields: _Fields,
    roles: ColumnRoles,
    used: Iterable[str],
    messages: Sequence[Message],
    read: _Read,
) -> tuple[str, str] | None:
    """The column of the rejected answer, and its text; None where a row has none.

    Args:
        fields: Of the row.
        roles: Of its columns.
        used: Columns that the chosen conversation was made of.
        messages: That conversation.
        read: Reads the conversation of other fields.

    Raises:
        RowError: It cannot be read, or answers something else.
    """
    name = _first(fields, roles.rejected)
    if name is None:
        return None
    empty = {name: None}
    places = [one for one in (*roles.chosen, *roles.response) if one in set(used)]
    if not places and isinstance(fields[name], str) and turn_list(fields[name]) is None:
        return name, fields[name]
    if not places:  # the conversation stands in a list, so the other one has to as well
        empty |= dict.fromkeys(roles.messages)
    try:
        other = read({**fields, **empty, **dict.fromkeys(places or ["chosen"], fields[name])})
    except RowError as fault:
        detail = f"field '{name}': {fault.reason}: {fault.detail}"
        raise RowError("unreadable rejected answer", detail) from None
    if list(map(_said, other[:-1])) != list(map(_said, messages[:-1])):
        raise RowError(OTHER_PROMPT, f"field '{name}' does not continue what is asked")
    return name, other[-1].content


def preference_fault(example: Example, source: SourceRecipe) -> tuple[str, str] | None:
    """Why an example cannot be learned from as a preference; a test row needs no second answer."""
    if example.rejected is not None:
        is_same = example.rejected.strip() == example.reference.strip()
        return (SAME_ANSWER, "there is nothing to prefer") if is_same else None
    if not source.keeps_rejected or "test" in (source.use_as, example.split):
        return None
    return NO_REJECTED, "training.objective: dpo learns from a chosen and a rejected answer"


def _said(message: Message) -> tuple[str, str, str]:
    return message.role, message.content.strip(), message.input.strip()


def _first(fields: _Fields, names: Sequence[str]) -> str | None:
    return next((name for name in names if not is_blank(fields[name])), None)


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, Mapping) and turn_list([value]) else value


def _waits(value: object) -> bool:
    """Whether a list of messages ends before an answer."""
    if not is_list(value) or not value or not isinstance(value[-1], Mapping):
        return False
    last = value[-1]
    return str(last.get("role", last.get("from"))) in ("user", "human", "tool", "system")
