"""Seed tasks and a teacher -> new instructions, each with an input where it needs one, and answers.

A round asks for instructions after a few seeds and earlier ones, refuses what resembles an
earlier one, asks which of the rest are classification, and has an instance written for each: the
input before the response, but for classification the label before the input, else nearly all
inputs would get one label. Source: Self-Instruct (Wang et al., arXiv 2212.10560).
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tunesmith.endpoints.chat_request import ChatReply
from tunesmith.examples.example import Example, Message
from tunesmith.sources.lines import excerpt
from tunesmith.sources.row import Dropped, RowError
from tunesmith.teacher.avoided import AvoidedExamples
from tunesmith.teacher.filters import (
    CUT,
    PairRules,
    check_instruction,
    check_pair,
    real_input,
)
from tunesmith.teacher.novelty import Novelty
from tunesmith.teacher.parse import (
    UNREADABLE,
    read_list,
    read_object,
    read_tasks,
    read_text,
)
from tunesmith.teacher.seeds import CLASSIFICATION, SeedTask
from tunesmith.teacher.teacher import (
    Taught,
    Teacher,
    TeacherRequest,
    Teaching,
    short_call_id,
    whole_object,
)

TOO_SIMILAR = "too similar"
NUM_SEEDS, NUM_EARLIER = 6, 2  # instructions shown in one request, as in the paper
NUM_WANTED = 8  # new ones asked for in one request
MAX_REQUESTS = 4  # for instructions in one round
YIELD = 0.5  # of the instructions asked for, what may be counted on
_NUM_SHOWN = 3  # seeds shown with their instance
_MAX_INSTANCES = 4
_MAX_BARREN = 5  # rounds in a row without a new pair, after which the teacher has no more
_INSTRUCTIONS, _KINDS = "self-instruct/instructions", "self-instruct/kinds"
_INSTANCE, _LABELS = "self-instruct/instance", "self-instruct/labels"


def self_instruct(
    teacher: Teacher, seeds: Sequence[SeedTask], avoided: AvoidedExamples
) -> Teaching:
    """Write new pairs, until there are as many as the recipe wants or the teacher has no more.

    Args:
        teacher: Who writes.
        seeds: At least three.
        avoided: What may not be written again.

    Yields:
        Pairs and what was left out, in the order of the calls.
    """
    return _InstructionWriter(teacher, list(seeds), avoided).run()


@dataclass(slots=True)
class _NewInstruction:
    """A new instruction without an instance yet."""

    instruction: str
    call_id: str
    is_classification: bool = False


@dataclass(slots=True)
class _InstructionWriter:
    """One job; what it knows grows with each round."""

    teacher: Teacher
    seeds: list[SeedTask]
    avoided: AvoidedExamples
    earlier: list[str] = field(default_factory=list)
    num_made: int = 0
    novelty: Novelty = field(init=False)
    rules: PairRules = field(init=False)

    def __post_init__(self) -> None:
        recipe = self.teacher.recipe
        self.novelty = Novelty(max_similarity=recipe.max_similarity)
        self.rules = PairRules(language=recipe.language, blocklist=recipe.blocklist)
        for seed in self.seeds:
            self.novelty.add(seed.instruction)

    def run(self) -> Teaching:
        number = barren = 0
        while self.num_missing and barren < _MAX_BARREN:
            before = self.num_made
            for item in self._round(number):
                if isinstance(item, Example):
                    if not self.num_missing:
                        continue  # a further instance of a task that was wanted for its first
                    self.num_made += 1
                yield item
            barren = barren + 1 if self.num_made == before else 0
            number += 1

    @property
    def num_missing(self) -> int:
        """Pairs that are still to be made."""
        wanted = self.teacher.num_wanted
        assert wanted is not None, "the recipe has a default for this task"
        return wanted - self.num_made

    def _round(self, number: int) -> Iterator[Taught]:
        candidates: list[_NewInstruction] = []
        num_calls = num_requests(self.num_missing)
        questions = [self._ask_for_instructions(f"{number}/{place}") for place in range(num_calls)]
        for _, reply, read in self.teacher.read(questions, _instructions):
            if isinstance(read, Dropped):
                yield read
                continue
            assert reply is not None
            for text in read:
                try:
                    candidates.append(self._new(text, reply))
                except RowError as error:
                    yield self.teacher.refused(reply, error, text=text)
        yield from self._find_kinds(candidates, number)
        yield from self._instances(candidates, number)

    def _ask_for_instructions(self, salt: str) -> TeacherRequest:
        rng = random.Random(f"{self.teacher.recipe.seed}/{salt}")
        earlier = rng.sample(self.earlier, min(NUM_EARLIER, len(self.earlier)))
        num_seeds = min(NUM_SEEDS + NUM_EARLIER - len(earlier), len(self.seeds))
        shown = [seed.instruction for seed in rng.sample(self.seeds, num_seeds)] + earlier
        rng.shuffle(shown)
        values = {
            "num_shown": str(len(shown)),
            "num_wanted": str(NUM_WANTED),
            "shown": _numbered(shown),
        }
        return self.teacher.question(_INSTRUCTIONS, values, salt=f"instructions/{salt}")

    def _new(self, text: str, reply: ChatReply) -> _NewInstruction:
        check_instruction(text, self.rules)
        if near := self.novelty.nearest(text):
            raise RowError(TOO_SIMILAR, f"ROUGE-L {near[1]:.2f} with {excerpt(near[0])!r}")
        self.novelty.add(text)
        self.earlier.append(text)
        return _NewInstruction(instruction=text, call_id=reply.call_id)

    def _find_kinds(self, candidates: Sequence[_NewInstruction], number: int) -> Iterator[Dropped]:
        """Mark the classification tasks; where the reply cannot be read none is one."""
        groups = [
            candidates[start : start + NUM_WANTED]
            for start in range(0, len(candidates), NUM_WANTED)
        ]
        questions = [
            self.teacher.question(
                _KINDS,
                {"shown": _numbered([one.instruction for one in group])},
                salt=f"kinds/{number}/{place}",
                is_sampled=False,
            )
            for place, group in enumerate(groups)
        ]
        for place, _, read in self.teacher.read(questions, _classification):
            if isinstance(read, Dropped):
                yield read
                continue
            for index, candidate in enumerate(groups[place], start=1):
                candidate.is_classification = index in read

    def _instances(self, candidates: Sequence[_NewInstruction], number: int) -> Iterator[Taught]:
        """As many at a time as pairs are missing, so that none is paid for in vain."""
        questions = [
            self._ask_for_instance(candidate, f"{number}/{place}")
            for place, candidate in enumerate(candidates)
        ]
        start = 0
        while self.num_missing and start < len(questions):
            some = questions[start : start + self.num_missing]
            for place, reply, read in self.teacher.read(some, whole_object):
                if isinstance(read, Dropped):
                    yield read
                else:
                    assert reply is not None
                    yield from self._pairs(candidates[start + place], some[place], reply, read)
            start += len(some)

    def _ask_for_instance(self, candidate: _NewInstruction, salt: str) -> TeacherRequest:
        rng = random.Random(f"{self.teacher.recipe.seed}/instance/{salt}")
        alike = [one for one in self.seeds if one.is_classification is candidate.is_classification]
        shown = rng.sample(alike, min(_NUM_SHOWN, len(alike)))
        name = _LABELS if candidate.is_classification else _INSTANCE
        values = {
            "shown": "\n\n".join(_shown(one) for one in shown) or "-",
            "instruction": self.teacher.fenced(candidate.instruction, name=name),
        }
        return self.teacher.question(name, values, salt=f"instance/{salt}")

    def _pairs(
        self,
        candidate: _NewInstruction,
        question: TeacherRequest,
        reply: ChatReply,
        values: dict[str, Any],
    ) -> Iterator[Taught]:
        try:
            instances = _read_instances(values, is_classification=candidate.is_classification)
        except RowError as error:
            yield self.teacher.refused(reply, error, text=reply.text)
            return
        group = f"teacher/{short_call_id(reply.call_id)}" if len(instances) > 1 else None
        kind = (CLASSIFICATION,) if candidate.is_classification else ()
        for given, response in instances:
            asked = Message(role="user", content=candidate.instruction, input=given)
            example = Example(
                messages=(asked, Message(role="assistant", content=response)),
                source=self.teacher.place(reply.call_id),
                group=group,
                tags=self.teacher.tags(
                    question.prompt,
                    reply,
                    f"instruction call: {short_call_id(candidate.call_id)}",
                    *kind,
                ),
            )
            try:
                check_pair(example, self.rules)
                self.avoided.check(example)
            except RowError as error:
                shown = f"{candidate.instruction} {given} {response}"
                yield self.teacher.refused(reply, error, text=shown)
            else:
                yield example


def num_requests(num_missing: int) -> int:
    """Requests for instructions in a round: what is missing, if half of them come to something."""
    wanted = -(-num_missing // int(NUM_WANTED * YIELD))
    return max(1, min(MAX_REQUESTS, wanted))


def _instructions(reply: ChatReply) -> list[str]:
    try:
        found = read_tasks(reply.text)
    except RowError:
        if reply.finish_reason == "length":
            raise RowError(CUT, "the reply ends at max_tokens before its list does") from None
        raise
    if not found:
        raise RowError(UNREADABLE, "the list of tasks is empty")
    return found


def _classification(reply: ChatReply) -> set[int]:
    numbers = read_list(read_object(reply.text), "classification", "numbers")
    return {int(one) for one in numbers if isinstance(one, int) or str(one).isdecimal()}


def _read_instances(values: dict[str, Any], *, is_classification: bool) -> list[tuple[str, str]]:
    """Inputs with their responses, of different inputs and labels."""
    if not is_classification:
        given = values.get("input") or ""
        return [(real_input(str(given)), read_text(values, "response", "output", "answer"))]
    found: dict[str, str] = {}
    for item in read_list(values, "instances", "examples")[:_MAX_INSTANCES]:
        if not isinstance(item, dict):
            raise RowError(UNREADABLE, "an instance is no object")
        label = read_text(item, "label", "response", "output")
        found.setdefault(real_input(str(item.get("input") or "")), label)
    if not found:
        raise RowError(UNREADABLE, "the list of instances is empty")
    return list(found.items())


def _numbered(texts: Sequence[str]) -> str:
    return "\n".join(f"{place}. {text}" for place, text in enumerate(texts, start=1))


def _shown(seed: SeedTask) -> str:
    given = f"\n{seed.input}" if seed.input else ""
    return f"* {seed.instruction}{given}\n-> {seed.response}"
