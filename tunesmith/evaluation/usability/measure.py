"""Test rows, training rows and answers -> each answer's signs on disk; is a model usable?

Everything is read row by row; of a row a few numbers are kept. The work grows linearly with the
rows: an answer is compared with its reference, with hashes of training answers, and with a fixed
number of other references.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from tunesmith.evaluation.grade import Comparison
from tunesmith.evaluation.nearest import NearestQuestion
from tunesmith.evaluation.references import ReferenceFile
from tunesmith.evaluation.usability.answered_row import AnsweredRow, answered_row
from tunesmith.evaluation.usability.correctness import is_right
from tunesmith.evaluation.usability.expected import Expected, learn_expected, text_key
from tunesmith.evaluation.usability.fault_signs import signs_of
from tunesmith.evaluation.usability.fit import ReferenceFit
from tunesmith.evaluation.usability.forms import form_of
from tunesmith.evaluation.usability.look_up import (
    NEAREST,
    TUNED,
    as_good,
    as_good_sentence,
    look_up_finding,
)
from tunesmith.evaluation.usability.row_signs import RowSigns
from tunesmith.evaluation.usability.rules import judge_usability, summed_up
from tunesmith.evaluation.usability.tally import BAND_LIMIT, FAR, NEAR, Tally
from tunesmith.evaluation.usability.usability import Band, Usability
from tunesmith.examples.example import Example, last_user_text
from tunesmith.files import read_json_lines, write_json_lines

_Item = TypeVar("_Item")
_ROWS_AT_ONCE = 256
_FITS = 80.0  # from which on a longer answer is taken for one to its own question
_MAX_QUESTION = 2_000  # characters that likeness is told by


@dataclass(frozen=True, slots=True, kw_only=True)
class UsabilityFiles:
    """Where rows and answers lie, and where signs go."""

    train: Path
    test: Path
    completions: Mapping[str, Path]  # by model
    signs: Callable[[str], Path]  # model -> its file


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """What all models' answers are held against."""

    expected: Expected
    fit: ReferenceFit
    similarities: Mapping[str, float]  # by test row
    markers: tuple[str, ...]
    references: ReferenceFile


def measure_usability(
    files: UsabilityFiles, *, markers: Sequence[str], comparisons: Sequence[Comparison]
) -> Usability:
    """Look at every answer of every model, and write what was found.

    Args:
        files: Of the run.
        markers: The words that set the parts of the run's template apart.
        comparisons: Of all models with tuned, which tell whether a look-up does as well.
    """
    looked = _Looked(
        expected=learn_expected(_examples(files.train), _examples(files.test)),
        fit=ReferenceFit(one for one in _examples(files.test) if not one.is_text),
        similarities=_similarities(files),
        markers=tuple(markers),
        references=ReferenceFile(files.test),
    )
    tallies = {}
    for model, path in files.completions.items():
        tallies[model] = Tally()
        found = _look_at_all(model, path, looked, tallies[model])
        write_json_lines(files.signs(model), (one.to_json() for one in found))
    return _usability(tallies, looked.expected, comparisons)


def _usability(
    tallies: Mapping[str, Tally], expected: Expected, comparisons: Sequence[Comparison]
) -> Usability:
    rates = {model: tally.rates() for model, tally in tallies.items()}
    models = {m: judge_usability(t, rates[m]) for m, t in tallies.items() if m != NEAREST}
    good = as_good(comparisons)
    finding = look_up_finding(comparisons, rates.get(NEAREST, {})) if NEAREST in good else None
    if finding is not None and TUNED in models:
        findings = [*models[TUNED].findings, finding]
        models[TUNED] = summed_up(findings, tallies[TUNED], rates[TUNED])
    names = dict.fromkeys(name for found in rates.values() for name in found)
    by_rate = {n: {m: found[n] for m, found in rates.items() if n in found} for n in names}
    bands = {band: by_rate.pop(band) for band in (NEAR, FAR) if band in by_rate}
    one = next(iter(tallies.values()), Tally())
    return Usability(
        models=models,
        rates=by_rate,
        forms=dict(one.forms),
        as_good=good,
        notes=tuple(as_good_sentence(comparisons, name) for name in good),
        bands={
            band: Band(count=max(score.count for score in scores.values()), scores=scores)
            for band, scores in bands.items()
        },
        band_limit=BAND_LIMIT if bands else None,
    )


def _look_at_all(model: str, path: Path, looked: _Looked, tally: Tally) -> Iterator[RowSigns]:
    """Each answer once, then every row that has none."""
    seen: set[str] = set()
    fresh = (one for one in read_json_lines(path) if _is_new(one, looked, seen))
    for answers in _batches(fresh):
        rows = [_row(answer, looked) for answer in answers]
        yield from _look_at(model, rows, looked, tally)
    for example_id in looked.references:
        if example_id not in seen:
            failed = RowSigns(example_id=example_id, model=model, failure="no completion")
            tally.add(failed, group="", is_commonest=False)
            yield failed


def _is_new(answer: Mapping[str, Any], looked: _Looked, seen: set[str]) -> bool:
    example_id = answer["example_id"]
    if example_id in seen or example_id not in looked.references:
        return False
    seen.add(example_id)
    return True


def _row(answer: Mapping[str, Any], looked: _Looked) -> AnsweredRow:
    example = looked.references.example(answer["example_id"])
    return answered_row(example, answer["text"], finish_reason=answer["finish_reason"])


def _look_at(
    model: str, rows: Sequence[AnsweredRow], looked: _Looked, tally: Tally
) -> Iterator[RowSigns]:
    for row, fit in zip(rows, looked.fit.of(rows), strict=True):
        group = looked.expected.groups[row.group]
        found = _found(model, row, looked, fit)
        is_commonest = group.commonest == text_key(row.reference_words)
        tally.add(found, group=row.group, is_commonest=is_commonest)
        yield found


def _found(model: str, row: AnsweredRow, looked: _Looked, fit: float | None) -> RowSigns:
    if row.finish_reason not in ("stop", "length"):
        return RowSigns(example_id=row.example_id, model=model, failure=row.finish_reason)
    form = form_of(row, looked.expected)
    return RowSigns(
        example_id=row.example_id,
        model=model,
        form=form,
        signs=signs_of(row, looked.expected, markers=looked.markers),
        is_right=is_right(row, form) and (form != "text" or fit is None or fit >= _FITS),
        fit=fit if form == "text" else None,
        similarity=looked.similarities.get(row.example_id),
    )


def _similarities(files: UsabilityFiles) -> dict[str, float]:
    """How near each test question is to the most similar training question; 0: no word shared."""
    index = NearestQuestion(map(_question, _examples(files.train)))
    found: dict[str, float] = {}
    for rows in _batches(_examples(files.test)) if len(index) else ():
        neighbours = index.find([_question(row) for row in rows])
        for row, neighbour in zip(rows, neighbours, strict=True):
            found[row.id] = neighbour.similarity if neighbour else 0.0
    return found


def _batches(rows: Iterator[_Item]) -> Iterator[list[_Item]]:
    while batch := list(islice(rows, _ROWS_AT_ONCE)):
        yield batch


def _question(example: Example) -> str:
    return last_user_text(example.prompt)[:_MAX_QUESTION]


def _examples(path: Path) -> Iterator[Example]:
    """The rows that ask something; plain texts do not."""
    records = read_json_lines(path) if path.is_file() else iter(())
    examples: Iterable[Example] = map(Example.from_json, records)
    return (example for example in examples if not example.is_text)
