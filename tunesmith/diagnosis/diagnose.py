"""RunRecord -> its findings, in the order in which they are worth looking at."""

from collections.abc import Callable
from typing import Final

from tunesmith.diagnosis import (
    amount_rules,
    answer_rules,
    data_rules,
    group_rules,
    measure_rules,
    training_rules,
)
from tunesmith.report.advice.finding import SEVERITIES, Finding
from tunesmith.report.record import RunRecord

Rule = Callable[[RunRecord], Finding | None]

# What helps most comes first, among findings of one severity.
RULES: Final[tuple[Rule, ...]] = (
    measure_rules.nothing_held_out,
    training_rules.diverging,
    data_rules.doubled_headers,
    training_rules.hardly_learned,
    training_rules.still_falling,
    answer_rules.not_usable,
    answer_rules.answers_cut,
    data_rules.rows_too_long,
    training_rules.rose,
    data_rules.much_dropped,
    amount_rules.too_few_rows,
    group_rules.weak_task,
    group_rules.weak_source,
    amount_rules.unbalanced_labels,
    answer_rules.forgot,
    answer_rules.look_up_as_good,
    answer_rules.few_shot_as_good,
    data_rules.contradicting_rows,
    answer_rules.base_already_good,
    measure_rules.judge_untrusted,
    measure_rules.small_test,
    data_rules.mixed_languages,
    training_rules.few_validation_rows,
)


def diagnose(record: RunRecord) -> tuple[Finding, ...]:
    """What the rules find, the gravest first."""
    found = [finding for rule in RULES if (finding := rule(record)) is not None]
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))
