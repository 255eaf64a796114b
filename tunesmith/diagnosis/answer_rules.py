"""What the models answered -> whether answers can be used, end, or are worth the tuning."""

from tunesmith.diagnosis.cures import again_with, at_rate, command, longer, measure_more_rows
from tunesmith.diagnosis.main_metric import main_comparison, main_metric, main_score
from tunesmith.evaluation.grade import Score
from tunesmith.evaluation.verdict import metric_title
from tunesmith.language.translate import message, translate
from tunesmith.report.advice.finding import Finding
from tunesmith.report.facts import best_point
from tunesmith.report.number_text import interval, number
from tunesmith.report.record import BASE, TUNED, RunRecord

_SHOWN = 3
_MANY_CUT = 0.05
_GOOD = 70.0
_CHARACTERS_PER_TOKEN = 3.5  # where no answer tells

_NO_END = message(
    "{count:,} of {total:,} answers were cut off at max_new_tokens, though references are shorter: "
    "the model does not end by itself yet."
)
_NO_ROOM = message(
    "{count:,} of {total:,} answers were cut off at max_new_tokens, which is less than the longest "
    "references need (about {most:,})."
)
_LOST = {
    "forgot": message(
        "Tuning made the model forget what it knew beside the task. An adapter, a lower learning "
        "rate or general rows in the mix keep more."
    ),
    "some loss": message(
        "Tuning cost some of what the model knew beside the task. An adapter, a lower learning "
        "rate or general rows in the mix keep more."
    ),
}


def not_usable(record: RunRecord) -> Finding | None:
    """The tuned model's answers cannot be used as they are."""
    told = record.usability.models.get(TUNED) if record.usability else None
    if told is None or told.outcome not in ("not usable yet", "usable with care"):
        return None
    rows = [row for finding in told.findings for row in finding.rows]
    return Finding(
        rule="not usable",
        severity="fix first" if told.outcome == "not usable yet" else "would help",
        sentence=told.sentence,
        evidence=tuple(finding.sentence for finding in told.findings),
        rows=tuple(dict.fromkeys(rows))[:_SHOWN],
        change=_more_of(record, 3),
    )


def _more_of(record: RunRecord, factor: float) -> str:
    """More training, unless the loss on held-out rows had risen already; then more rows."""
    held_out = record.points("validation")
    is_short = bool(record.points("train")) and best_point(held_out) in (None, *held_out[-1:])
    return longer(record, factor) if is_short else measure_more_rows(record)


def answers_cut(record: RunRecord) -> Finding | None:
    """Many answers of the tuned model did not end by themselves."""
    count = record.answers.get(TUNED)
    if count is None or count.num_cut < max(1, _MANY_CUT * count.num_answers):
        return None
    limit = record.recipe.get("generation", {}).get("max_new_tokens", 256)
    needed = _reference_tokens(record)
    cut = [
        row.example.id
        for row in record.rows
        if row.answers.get(TUNED, {}).get("finish_reason") == "length"
    ]
    fits = needed <= limit
    why = _NO_END if fits else _NO_ROOM
    return Finding(
        rule="answers cut",
        severity="fix first" if count.num_cut > count.num_answers / 2 else "would help",
        sentence=translate(
            why, count=count.num_cut, total=count.num_answers, most=needed, limit=limit
        ),
        evidence=(
            translate(
                "generation.max_new_tokens {limit:,}, longest reference about {most:,}",
                limit=limit,
                most=needed,
            ),
        ),
        rows=tuple(cut[:_SHOWN]),
        change=_more_of(record, 2)
        if fits and record.points("train")
        else again_with(record, generation__max_new_tokens=max(needed + needed // 4, 2 * limit)),
    )


def _reference_tokens(record: RunRecord) -> int:
    """Tokens of the longest reference, by the characters that a token of the answers has."""
    answers = [row.answers[TUNED] for row in record.rows if TUNED in row.answers]
    tokens = sum(answer["num_tokens"] for answer in answers)
    characters = sum(len(answer["text"]) for answer in answers)
    a_token = characters / tokens if tokens and characters else _CHARACTERS_PER_TOKEN
    longest = max((len(row.example.reference) for row in record.rows), default=0)
    return round(longest / max(a_token, 1.0))


def base_already_good(record: RunRecord) -> Finding | None:
    """There was little to gain, for the untuned model answers well."""
    base, tuned = main_score(record, BASE), main_score(record, TUNED)
    if base is None or tuned is None or (base.value or 0.0) < _GOOD:
        return None
    compared = main_comparison(record, BASE)
    gained = compared is not None and compared.verdict == "better"
    return Finding(
        rule="base already good",
        severity="good to know" if gained else "would help",
        sentence=translate(
            "The untuned model answers these rows well already, so there is little to gain. Look "
            "for questions at which it is so-so, and write rows of those."
        ),
        evidence=_scores(record, {BASE: base, TUNED: tuned}),
        change=command("chat", str(record.recipe.get("model", {}).get("name", "starter"))),
    )


def look_up_as_good(record: RunRecord) -> Finding | None:
    """The answer of the most similar training question earns as much."""
    return _as_good(
        record,
        "nearest",
        sentence=translate(
            "A look-up of the nearest training question does as well: on these rows the model "
            "repeats rather than answers. Rows that ask in many different ways teach more."
        ),
        change=measure_more_rows(record),
    )


def few_shot_as_good(record: RunRecord) -> Finding | None:
    """The untuned model with a few examples before its eyes earns as much."""
    return _as_good(
        record,
        "few-shot",
        sentence=translate(
            "The untuned model does as well when its prompt shows a few examples: these rows need "
            "no tuning, or the tuned model more of it."
        ),
        change=longer(record, 2)
        if record.points("train")
        else command("train", record.recipe_file),
    )


def _as_good(record: RunRecord, rival: str, *, sentence: str, change: str) -> Finding | None:
    other, tuned = main_score(record, rival), main_score(record, TUNED)
    compared = main_comparison(record, rival)
    if other is None or tuned is None or compared is None or compared.verdict == "better":
        return None
    return Finding(
        rule=f"{'look-up' if rival == 'nearest' else rival} as good",
        severity="would help",
        sentence=sentence,
        evidence=_scores(record, {rival: other, TUNED: tuned}),
        change=change,
    )


def _scores(record: RunRecord, scores: dict[str, Score]) -> tuple[str, ...]:
    title = metric_title(main_metric(record) or "")
    return tuple(
        translate(
            "{metric} of {model} {value} ({range})",
            metric=title,
            model=model,
            value=number(score.value),
            range=interval(score.low, score.high),
        )
        for model, score in scores.items()
    )


def forgot(record: RunRecord) -> Finding | None:
    """Tuning cost what the untuned model knew beside the task."""
    word = record.probes.get("word")
    if word not in ("some loss", "forgot"):
        return None
    figures = [one for one in record.probes["figures"] if one["word"] not in (None, "kept")]
    return Finding(
        rule="forgot",
        severity="would help" if word == "forgot" else "good to know",
        sentence=translate(_LOST[word]),
        evidence=tuple(
            translate(
                "{figure}: {verdict}, {value} before, {other} after",
                figure=one["name"],
                verdict=one["word"],
                value=number(one["base"], 2),
                other=number(one["tuned"], 2),
            )
            for one in figures
        ),
        change=at_rate(record, 0.3)
        if record.recipe.get("training", {}).get("method") != "full"
        else again_with(record, training__method="lora"),
    )
