"""Pairs with weak answers and a teacher -> better answers; both versions and the reason are kept.

Nothing is replaced in silence: where the rewriting fails the pair stays as it was, and what came
of the call is listed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tunesmith.endpoints.chat_request import ChatReply
from tunesmith.examples.columns.checked_rows import checked_rows
from tunesmith.examples.example import Example, Message
from tunesmith.examples.from_material import to_examples
from tunesmith.examples.language import language_fault
from tunesmith.examples.splitting.words import words_of
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.recipe.teacher_recipe import TeacherRecipe
from tunesmith.sources.read_source import read_source
from tunesmith.sources.row import Dropped, RowError
from tunesmith.teacher.avoided import AvoidedExamples
from tunesmith.teacher.filters import PairRules, check_answer, check_pair
from tunesmith.teacher.parse import read_text
from tunesmith.teacher.teacher import (
    ImprovedPair,
    KeptPair,
    Taught,
    Teacher,
    TeacherRequest,
    Teaching,
    whole_object,
)
from tunesmith.teacher.weak import weakness

SAME = "no better than before"
ROUND = 16
_RESPONSE = "improve/response"
_SIDES = {"user": "User", "assistant": "Assistant", "system": "System"}
Weak = tuple[Example, str | None]


def read_pairs(recipe: TeacherRecipe, *, folder: Path) -> Iterator[Example | Dropped]:
    """The pairs whose answers are looked at, in order, with the places they came from.

    Raises:
        MissingError: There is no such file.
        DataError: It is empty or damaged.
        RecipeError: A column of it needs a word.
    """
    assert recipe.pairs is not None
    source = SourceRecipe(path=recipe.pairs)
    material = checked_rows(read_source(source, folder=folder), source)
    return to_examples(material, source, folder=folder)


def improve(teacher: Teacher, pairs: Sequence[Weak], avoided: AvoidedExamples) -> Teaching:
    """Rewrite weak answers in place, as many as the recipe wants; all other pairs pass.

    Args:
        teacher: Who writes.
        pairs: In order; with each weak one the reason.
        avoided: The test set: its pairs pass untouched and are not shown to the teacher.

    Yields:
        All pairs in their order, as Kept or Improved, and what came of calls that failed.
    """
    wanted = teacher.num_wanted
    num_made = 0
    for part in _in_rounds(pairs):
        left = None if wanted is None else wanted - num_made
        for item in _round(teacher, part, avoided, left):
            num_made += isinstance(item, ImprovedPair)
            yield item


def _in_rounds(pairs: Iterable[Weak]) -> Iterator[list[Weak]]:
    """Stretches with so many weak pairs."""
    part: list[Weak] = []
    for pair in pairs:
        part.append(pair)
        if sum(reason is not None for _, reason in part) == ROUND:
            yield part
            part = []
    if part:
        yield part


def _round(
    teacher: Teacher, part: Sequence[Weak], avoided: AvoidedExamples, num_left: int | None
) -> Iterator[Taught]:
    weak = [(place, example, reason) for place, (example, reason) in enumerate(part) if reason]
    weak = [one for one in weak if not _is_avoided(one[1], avoided)][:num_left]
    questions = [_question(teacher, example, reason) for _, example, reason in weak]
    results: dict[int, list[Taught]] = {}
    for number, reply, read in teacher.read(questions, _read_response):
        place, example, reason = weak[number]
        if isinstance(read, Dropped):
            results[place] = [KeptPair(_tagged(example, reason)), read]
            continue
        assert reply is not None
        try:
            after = _better(teacher, questions[number], reply, (example, reason), read)
            results[place] = [ImprovedPair(example, after, reason, reply.call_id)]
        except RowError as error:
            refused = teacher.refused(reply, error, text=read)
            results[place] = [KeptPair(_tagged(example, reason)), refused]
    for place, (example, _) in enumerate(part):
        yield from results.get(place, [KeptPair(example)])


def _is_avoided(example: Example, avoided: AvoidedExamples) -> bool:
    try:
        avoided.check(example)
    except RowError:
        return True
    return False


def _question(teacher: Teacher, example: Example, reason: str) -> TeacherRequest:
    values = {
        "reason": reason,
        "instruction": teacher.fenced(_written(example.prompt), name=_RESPONSE),
        "response": teacher.fenced(example.reference, name=_RESPONSE),
    }
    return teacher.question(_RESPONSE, values, salt=f"improve/{example.id}")


def _written(messages: Sequence[Message]) -> str:
    """What was asked; a conversation with who speaks."""
    texts = [f"{one.content}\n\n{one.input}" if one.input else one.content for one in messages]
    if len(messages) == 1:
        return texts[0]
    lines = zip(messages, texts, strict=True)
    return "\n\n".join(f"{_SIDES.get(one.role, one.role)}: {text}" for one, text in lines)


def _read_response(reply: ChatReply) -> str:
    return read_text(whole_object(reply), "response", "output", "answer")


def _better(
    teacher: Teacher,
    question: TeacherRequest,
    reply: ChatReply,
    weak: tuple[Example, str],
    text: str,
) -> Example:
    example, reason = weak
    last = replace(example.messages[-1], content=text)
    tags = teacher.tags(
        question.prompt,
        reply,
        f"from: {example.source}",
        f"improves: {example.id}",
        f"was: {reason}",
    )
    after = replace(example, messages=(*example.messages[:-1], last), tags=(*example.tags, *tags))
    if words_of(text) == words_of(example.reference):
        raise RowError(SAME, "the response is the old one")
    language = teacher.recipe.language
    if language_fault(example, language) is None:
        check_pair(after, PairRules(language=language))
    else:  # a pair in another language than the prompts: its own is kept by the prompt alone
        check_answer(text)
    if still := weakness(after):
        raise RowError(SAME, f"the response is weak too: {still}")
    return after


def _tagged(example: Example, reason: str) -> Example:
    """A pair that stays weak says so."""
    return replace(example, tags=(*example.tags, f"weak: {reason}"))
