"""A teacher's recipe -> a file of pairs, what was left out, and both versions of what was improved.

All files are written whole at the end; until then everything that was paid for lies in the cache.
So a killed job is started again by the same command: it asks what was in flight, reads back the
rest, and ends with the same bytes.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from tunesmith.endpoints.call_budget import Limits
from tunesmith.endpoints.caller import Caller, CallForecast
from tunesmith.errors import RecipeError, TunesmithError
from tunesmith.examples.example import Example
from tunesmith.examples.read_examples import read_examples
from tunesmith.files import atomic_file, json_line
from tunesmith.recipe.recipe import ExamplesRecipe
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.recipe.teacher_recipe import TeacherRecipe
from tunesmith.sources.row import Dropped
from tunesmith.stages.execution.output_file import (
    are_dropped,
    are_examples,
    are_improvements,
    check_outputs,
    is_same_file,
    require_name,
)
from tunesmith.stages.execution.progress import Progress
from tunesmith.stages.execution.stage import StageResult
from tunesmith.stages.responders.endpoint import forecast_in_words, open_caller
from tunesmith.stages.results.taught import LessonForecast, LessonResult, TeacherReady
from tunesmith.teacher.acceptance import Acceptance
from tunesmith.teacher.avoided import AvoidedExamples
from tunesmith.teacher.call_forecast import forecast_calls
from tunesmith.teacher.lesson import LessonPlan, plan_lesson, teach_lesson
from tunesmith.teacher.teacher import ImprovedPair, KeptPair, Taught, num_wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What a teacher is to write, and where.

    Attributes:
        recipe: The teacher's.
        out: The file of pairs.
        subject: What the documents describe; None: what each of them shows.
        avoid: Sources whose examples may not be written again: the test set.
        folder: What relative paths are relative to.
        cache_path: Where replies are kept; None: the user's own cache.
    """

    recipe: TeacherRecipe
    out: Path
    subject: str | None = None
    avoid: Sequence[SourceRecipe] = ()
    folder: Path = Path()
    cache_path: Path | None = None

    def beside(self, what: str) -> Path:
        """A file beside the pairs: `pairs.dropped.jsonl`."""
        return self.out.with_name(f"{self.out.name.removesuffix('.jsonl')}.{what}.jsonl")


def lesson_of(
    source: SourceRecipe, out: Path | None, *, avoid: Sequence[str | Path] = ()
) -> Lesson:
    """The lesson of a source with a teacher, outside a recipe.

    Args:
        source: Names the teacher.
        out: The file of pairs; None where nothing is written.
        avoid: Files of the test set.

    Raises:
        RecipeError: `out`, or a file beside it, is read, or is somebody's.
    """
    recipe = source.teacher
    assert recipe is not None, "a source with a teacher"
    named = [recipe.seeds, recipe.pairs, recipe.grades, *recipe.documents, *avoid]
    read = [Path(one) for one in named if one]
    if out is not None and any(is_same_file(out, one) for one in read):
        cure = "Name another file with -o."
        raise RecipeError("is one of the files that are read", where=str(out), cure=cure)
    sources = [SourceRecipe(path=str(path)) for path in avoid]
    lesson = Lesson(
        recipe=recipe, out=out or Path("pairs.jsonl"), subject=source.subject, avoid=sources
    )
    if out is not None:
        require_name("--out", out)
        files = {out: are_examples, lesson.beside("dropped"): are_dropped}
        files |= {lesson.beside("partial"): are_examples, lesson.beside("before"): are_improvements}
        check_outputs("--out", files, read=read)
    return lesson


def teach(lesson: Lesson, *, progress: Progress) -> LessonResult:
    """Let a teacher write, and keep what stands up to the rules.

    Args:
        lesson: What, and where.
        progress: Told of the forecast, of each accepted pair, and of the counts by reason.

    Raises:
        RemoteError: The server is not there or gave up; what was accepted lies beside `out`
            as `partial`, and the calls in the cache.
        DataError: Too little was accepted; the diagnosis says why. The same holds.
        MissingError: A file or a local model does not exist.
    """
    planned = _planned(lesson, progress)
    avoided = AvoidedExamples(_examples(lesson))
    if lesson.recipe.task == "improve" and not planned.num_weak:
        progress.note("no answer is weak; nothing is asked")
    shown = _Shown(progress)
    caller = open_caller(
        lesson.recipe.endpoint,
        cache_path=lesson.cache_path,
        progress=shown,
        where="teacher.endpoint",
        is_checked_now=False,
    )
    with caller, closing(teach_lesson(planned, caller, avoided)) as items:
        counts = {**_TaughtLesson(lesson, planned, shown).run(items), **_spent(caller)}
        result = LessonResult.from_dict(counts)
        return replace(result, summary=tuple(_told(result)))


def forecast_lesson(lesson: Lesson, *, progress: Progress) -> LessonForecast:
    """What a lesson will take; nothing is asked and nothing written."""
    planned = plan_lesson(lesson.recipe, subject=lesson.subject, folder=lesson.folder)
    progress.note(f"read: {planned.words()}")
    found = _forecast(planned)
    words = forecast_in_words(found)
    return LessonForecast(read=planned.words(), **asdict(found), summary=(planned.words(), words))


def check_teacher(source: SourceRecipe, *, progress: Progress) -> TeacherReady:
    """Find out whether the teacher can answer.

    Raises:
        RemoteError: It is not there, or lacks the model; the cure says what to run.
        MissingError: There is no such folder, or no such variable.
    """
    assert source.teacher is not None, "a source with a teacher"
    endpoint = source.teacher.endpoint
    with open_caller(
        endpoint, cache_path=None, progress=progress, where="teacher.endpoint"
    ) as caller:
        caller.check()
        return TeacherReady(teacher=caller.endpoint.name)


class _Shown:
    """A Progress that shows how much is accepted in front of how many calls were made."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.accepted = ""

    def start(self, task: str, total: int | None) -> None:
        self._progress.start(task, total)

    def advance(self, count: int = 1) -> None:
        self._progress.advance(count)

    def status(self, text: str) -> None:
        self._progress.status(f"{self.accepted}; {text}" if self.accepted else text)

    def note(self, text: str) -> None:
        self._progress.note(text)

    def close(self) -> None:
        self._progress.close()


@dataclass(slots=True)
class _TaughtLesson:
    """One lesson; the lists grow while it runs."""

    lesson: Lesson
    plan: LessonPlan
    progress: _Shown
    acceptance: Acceptance = field(default_factory=Acceptance)
    kept: list[dict[str, Any]] = field(default_factory=list)
    dropped: list[dict[str, Any]] = field(default_factory=list)
    before: list[dict[str, Any]] = field(default_factory=list)

    def run(self, items: Iterator[Taught]) -> StageResult:
        recipe = self.lesson.recipe
        self.dropped += [asdict(item) for item in self.plan.unread]
        self.progress.start("teaching", _total(self.plan))
        fault = self._take(items)
        fault = fault or self.acceptance.fault(recipe, is_end=True)
        self.progress.close()
        if fault is not None:
            self._write(self.lesson.beside("partial"))
            raise _with_place(fault, self.lesson, len(self.kept))
        self._write(self.lesson.out)
        self.lesson.beside("partial").unlink(missing_ok=True)
        return self._result()

    def _take(self, items: Iterator[Taught]) -> TunesmithError | None:
        """Everything that is written, until it ends or has to be ended."""
        for item in items:
            self._add(item)
            if self.acceptance.is_budget_spent:
                return None
            fault = self.acceptance.fault(self.lesson.recipe)
            if fault is not None:
                return fault
        return None

    def _add(self, item: Taught) -> None:
        self.acceptance.add(item)
        self.progress.accepted = self.acceptance.words()
        match item:
            case Dropped():
                self.dropped.append(asdict(item))
            case KeptPair(example):
                self.kept.append(example.to_json())
            case ImprovedPair():
                self.kept.append(item.after.to_json())
                self.before.append(_versions(item))
                self.progress.advance()
            case Example():
                self.kept.append(item.to_json())
                self.progress.advance()

    def _write(self, out: Path) -> None:
        _write_lines(self.lesson.beside("dropped"), self.dropped)
        if self.lesson.recipe.task == "improve":
            _write_lines(self.lesson.beside("before"), self.before)
        _write_lines(out, self.kept)

    def _result(self) -> StageResult:
        lesson = self.lesson
        files = {"file": str(lesson.out), "dropped_file": str(lesson.beside("dropped"))}
        if lesson.recipe.task == "improve":
            files["before_file"] = str(lesson.beside("before"))
        return {
            **self.acceptance.to_json(),
            "rows": len(self.kept),
            **files,
            "notices": list(self._notices()),
        }

    def _notices(self) -> list[str]:
        wanted, made = num_wanted(self.lesson.recipe), self.acceptance.num_accepted
        if self.acceptance.is_budget_spent:
            return [f"the budget ended the lesson after {made:,} pairs"]
        if wanted is None or made >= wanted:
            return []
        return [f"{made:,} of {wanted:,} pairs: the teacher or the material had no more"]


def _planned(lesson: Lesson, progress: Progress) -> LessonPlan:
    planned = plan_lesson(lesson.recipe, subject=lesson.subject, folder=lesson.folder)
    found = _forecast(planned)
    progress.note(f"{planned.words()}. Forecast: {forecast_in_words(found)}")
    return planned


def _forecast(planned: LessonPlan) -> CallForecast:
    total = forecast_calls(planned)
    limits = Limits.of(planned.recipe.endpoint)
    return CallForecast(
        calls=total.calls,
        cached=0,
        prompt_tokens=total.prompt_tokens,
        completion_tokens=total.completion_tokens,
        cost=limits.cost(total),
        limit=limits.exceeded_by(total),
    )


def _examples(lesson: Lesson) -> Iterable[Example]:
    # Nothing is hidden: what a teacher writes is compared as it was written.
    recipe = ExamplesRecipe(redact=[])
    read = read_examples(lesson.avoid, recipe, folder=lesson.folder) if lesson.avoid else ()
    return (one.item for one in read if isinstance(one.item, Example))


def _total(plan: LessonPlan) -> int | None:
    wanted = num_wanted(plan.recipe)
    if plan.recipe.task == "improve":
        return plan.num_weak if wanted is None else min(wanted, plan.num_weak)
    return wanted


def _versions(item: ImprovedPair) -> dict[str, Any]:
    return {
        "reason": item.reason,
        "call": item.call,
        "before": item.before.to_json(),
        "after": item.after.to_json(),
    }


def _write_lines(path: Path, records: Iterable[dict[str, Any]]) -> None:
    with atomic_file(path) as stream:
        for record in records:
            stream.write(json_line(record))


def _with_place(fault: TunesmithError, lesson: Lesson, num_rows: int) -> TunesmithError:
    """The same error with the places of what there is."""
    partial, dropped = lesson.beside("partial"), lesson.beside("dropped")
    there = f"{num_rows:,} rows so far: {partial}; what was refused: {dropped}."
    return type(fault)(
        fault.message, where=lesson.recipe.endpoint.model, cure=f"{fault.cure} {there}"
    )


def _told(result: LessonResult) -> Iterator[str]:
    """The result as a table: what was accepted, what was refused and why, what it took."""
    rows = {"accepted": result.accepted, **result.refused}
    width = max(len(name) for name in rows)
    for name, count in rows.items():
        yield f"{name:<{width}}  {count:>8,}  {count / max(1, result.judged):>4.0%}"
    cost = "" if result.cost is None else f", cost {result.cost:.2f}"
    yield (
        f"{result.calls:,} calls, {result.cached:,} from the cache, {result.tokens:,} tokens{cost}"
    )
    yield f"{result.rows:,} rows: {result.file}; refused: {result.dropped_file}"
    if result.before_file is not None:
        yield f"both versions of what was improved: {result.before_file}"
    yield from result.notices


def _spent(caller: Caller) -> StageResult:
    counts = caller.counts
    return {
        "calls": counts.spending.calls,
        "cached": counts.cached,
        "tokens": counts.spending.tokens,
        "cost": counts.cost,
    }
