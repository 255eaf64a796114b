"""Sections of documents and a teacher -> pairs that a section answers, each with its passage.

A pair stays where its passage stands in the section word for word, where that passage holds what
the response claims, and where a second call says so too. The pairs of a section, and other
wordings of their questions, share a group, so that no split separates them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tunesmith.endpoints.chat_request import ChatReply
from tunesmith.examples.example import Example, Message
from tunesmith.examples.splitting.words import words_of
from tunesmith.sources.lines import excerpt
from tunesmith.sources.row import Dropped, RowError
from tunesmith.teacher.avoided import AvoidedExamples
from tunesmith.teacher.document_jobs import DocumentJob
from tunesmith.teacher.filters import PairRules, check_instruction, check_pair
from tunesmith.teacher.parse import UNREADABLE, read_list, read_text, read_yes
from tunesmith.teacher.prompts import phrases
from tunesmith.teacher.support import NOT_SUPPORTED, check_support, find_passage
from tunesmith.teacher.teacher import Taught, Teacher, TeacherRequest, Teaching, whole_object

REPEATED = "asked already"
SAID_NO = "second call says no"
NOTHING = "nothing to ask"
ROUND = 16  # requests for pairs; what they bring is checked before the next round
NUM_PAIRS = 3  # asked for in one request
_PAIRS, _SUPPORTED = "documents/pairs", "documents/supported"
_REWORDINGS = "documents/rewordings"


def from_documents(
    teacher: Teacher, jobs: Sequence[DocumentJob], avoided: AvoidedExamples
) -> Teaching:
    """Write pairs about documents, as many as the recipe wants or as they hold.

    Args:
        teacher: Who writes and, in a second call, checks.
        jobs: Of `plan_jobs`.
        avoided: What may not be written again.

    Yields:
        Pairs and what was left out, in the order of the calls.
    """
    return _DocumentWriter(teacher, list(jobs), avoided).run()


@dataclass(slots=True)
class _QuotedPair:
    """A pair whose passage was found, and the reply it came from."""

    example: Example
    job: DocumentJob
    passage: str
    reply: ChatReply


@dataclass(slots=True)
class _DocumentWriter:
    """One job; what it knows grows with each round."""

    teacher: Teacher
    jobs: list[DocumentJob]
    avoided: AvoidedExamples
    asked: set[str] = field(default_factory=set)
    num_made: int = 0
    rules: PairRules = field(init=False)

    def __post_init__(self) -> None:
        recipe = self.teacher.recipe
        self.rules = PairRules(
            language=recipe.language, blocklist=recipe.blocklist, is_about_text=True
        )

    def run(self) -> Teaching:
        start = 0
        while start < len(self.jobs) and self.num_missing:
            size = min(ROUND, self.num_missing)
            for item in self._round(self.jobs[start : start + size]):
                if isinstance(item, Example):
                    if not self.num_missing:
                        continue  # a rewording of the last pair
                    self.num_made += 1
                yield item
            start += size

    @property
    def num_missing(self) -> int:
        """Pairs that are still to be made; more than a round brings, where all are wanted."""
        wanted = self.teacher.num_wanted
        return ROUND * NUM_PAIRS if wanted is None else wanted - self.num_made

    def _round(self, jobs: Sequence[DocumentJob]) -> Iterator[Taught]:
        candidates: list[_QuotedPair] = []
        questions = [self._ask_for_pairs(job) for job in jobs]
        for place, reply, read in self.teacher.read(questions, _read_pairs):
            if isinstance(read, Dropped):
                yield read
                continue
            assert reply is not None
            for values in read[:NUM_PAIRS]:
                try:
                    candidates.append(self._candidate(values, jobs[place], questions[place], reply))
                except RowError as error:
                    text = str(values.get("instruction", values))
                    yield self.teacher.refused(reply, error, text=text)
        start = 0
        while self.num_missing and start < len(candidates):
            # As many at a time as are missing, so that none is paid for in vain.
            some = candidates[start : start + -(-self.num_missing // (1 + self._rewords))]
            yield from self._proved(some)
            start += len(some)

    def _proved(self, candidates: Sequence[_QuotedPair]) -> Iterator[Taught]:
        """Those that the second call confirms, with other wordings where they are wanted."""
        supported: list[_QuotedPair] = []
        yield from self._second_calls(candidates, supported)
        if self._rewords:
            yield from self._reworded(supported)
        else:
            yield from (candidate.example for candidate in supported)

    @property
    def _rewords(self) -> int:
        return self.teacher.recipe.rewordings

    def _ask_for_pairs(self, job: DocumentJob) -> TeacherRequest:
        recipe, part = self.teacher.recipe, job.part
        values = {
            "headings": excerpt(" > ".join(part.headings)),
            "subject": excerpt(part.subject),
            "text": self.teacher.fenced(part.text, name=_PAIRS),
            "num_wanted": str(NUM_PAIRS),
            "kind": phrases("kinds", recipe.language)[job.kind].strip(),
            "style": phrases("styles", recipe.language)[job.style].strip(),
        }
        salt = f"pairs/{part.source}/{job.kind}/{job.style}"
        return self.teacher.question(_PAIRS, values, salt=salt)

    def _candidate(
        self, values: dict[str, Any], job: DocumentJob, question: TeacherRequest, reply: ChatReply
    ) -> _QuotedPair:
        instruction = read_text(values, "instruction", "question")
        response = read_text(values, "response", "answer")
        language = self.rules.language
        passage = find_passage(read_text(values, "passage", "quote"), job.part.text, language)
        check_instruction(instruction, self.rules)
        # What stands in the headings may be said without proof: it names what the part is about.
        known = " ".join([instruction, *job.part.headings, job.part.subject])
        check_support(response, passage, asked=known, language=language)
        tags = (
            f"from: {job.part.source}",
            f"passage: {passage}",
            f"style: {job.style}",
            f"kind: {job.kind}",
        )
        example = _example(
            instruction, response, job, self.teacher.tags(question.prompt, reply, *tags)
        )
        check_pair(example, self.rules)
        self.avoided.check(example)
        self._check_new(example)
        return _QuotedPair(example, job, passage, reply)

    def _check_new(self, example: Example) -> None:
        asked = example.messages[0]
        key = " ".join(words_of(f"{asked.content} {asked.input}"))
        if key in self.asked:
            raise RowError(REPEATED, "another pair asks the same")
        self.asked.add(key)

    def _second_calls(
        self, candidates: Sequence[_QuotedPair], supported: list[_QuotedPair]
    ) -> Iterator[Dropped]:
        questions = [
            self.teacher.question(
                _SUPPORTED,
                {
                    "instruction": self.teacher.fenced(
                        one.example.messages[0].content, name=_SUPPORTED
                    ),
                    "response": self.teacher.fenced(one.example.reference, name=_SUPPORTED),
                    "passage": self.teacher.fenced(one.passage, name=_SUPPORTED),
                },
                salt=f"supported/{one.reply.call_id}",
                is_sampled=False,
            )
            for one in candidates
        ]
        for place, reply, read in self.teacher.read(questions, _read_supported):
            if isinstance(read, Dropped):
                yield read
            elif read:
                supported.append(candidates[place])
            else:
                assert reply is not None
                text = candidates[place].example.messages[0].content
                yield self.teacher.refused(
                    reply, RowError(SAID_NO, "the passage does not state all of it"), text=text
                )

    def _reworded(self, supported: Sequence[_QuotedPair]) -> Iterator[Taught]:
        """Each pair, and behind it the same asked in other words."""
        questions = [
            self.teacher.question(
                _REWORDINGS,
                {
                    "instruction": self.teacher.fenced(
                        one.example.messages[0].content, name=_REWORDINGS
                    ),
                    "num_wanted": str(self._rewords),
                },
                salt=f"rewordings/{one.reply.call_id}",
            )
            for one in supported
        ]
        for place, reply, read in self.teacher.read(questions, _read_rewordings):
            yield supported[place].example
            if isinstance(read, Dropped):
                yield read
                continue
            assert reply is not None
            for text in read[: self._rewords]:
                try:
                    yield self._rewording(text, supported[place], questions[place], reply)
                except RowError as error:
                    yield self.teacher.refused(reply, error, text=text)

    def _rewording(
        self, text: str, candidate: _QuotedPair, question: TeacherRequest, reply: ChatReply
    ) -> Example:
        check_instruction(text, self.rules)
        first = candidate.example
        numbers = {word for word in words_of(first.messages[0].content) if word.isdigit()}
        if not numbers <= set(words_of(text)):
            raise RowError(NOT_SUPPORTED, "a number of the question is missing")
        kept = tag_lines(first, "from:", "passage:", "style:", "kind:")
        tags = self.teacher.tags(question.prompt, reply, f"rewording of: {first.id}", *kept)
        example = _example(text, first.reference, candidate.job, tags)
        check_pair(example, self.rules)
        self.avoided.check(example)
        self._check_new(example)
        return example


def tag_lines(example: Example, *beginnings: str) -> tuple[str, ...]:
    """The tags of an example that begin so."""
    return tuple(tag for tag in example.tags if tag.startswith(beginnings))


def _example(instruction: str, response: str, job: DocumentJob, tags: tuple[str, ...]) -> Example:
    given = job.part.text if job.kind == "reads" else ""
    name = job.part.source.rpartition(":")[0]
    return Example(
        messages=(
            Message(role="user", content=instruction, input=given),
            Message(role="assistant", content=response),
        ),
        source=job.part.source,
        group=f"{name}#{' > '.join(job.part.headings)}",
        tags=tags,
    )


def _read_pairs(reply: ChatReply) -> list[dict[str, Any]]:
    pairs = read_list(whole_object(reply), "pairs")
    if not all(isinstance(pair, dict) for pair in pairs):
        raise RowError(UNREADABLE, "a pair is no object")
    if not pairs:
        raise RowError(NOTHING, "the list of pairs is empty")
    return pairs


def _read_supported(reply: ChatReply) -> bool:
    return read_yes(whole_object(reply), "supported", "answer")


def _read_rewordings(reply: ChatReply) -> list[str]:
    found = read_list(whole_object(reply), "rewordings", "questions")
    return [one.strip() for one in found if isinstance(one, str) and one.strip()]
