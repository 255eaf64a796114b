"""What is known of a server -> the lines that a person reads, and the record for machines."""

from collections.abc import Iterator, Sequence
from typing import Any

from tunesmith.report.number_text import counted
from tunesmith.serving.check.answer_match import AnswerMatch, count_kinds
from tunesmith.serving.check.server_diagnosis import ServerDiagnosis

_SHOWN = 20


def check_record(found: ServerDiagnosis, *, num_not_chat: int) -> dict[str, Any]:
    """What `--json` prints.

    Args:
        found: About the server.
        num_not_chat: Rows that no chat can carry.
    """
    return {
        "serves": found.serves,
        "chat": count_kinds(found.chat),
        "completions": None if found.raw is None else count_kinds(found.raw),
        "not_chat": num_not_chat,
        "prompt_tokens": _counts_word(found),
        "causes": [
            {"cause": one.cause, "words": one.words, "cure": one.cure} for one in found.causes
        ],
        "differences": [match.to_json() for match in found.bad[:_SHOWN]],
    }


def check_lines(found: ServerDiagnosis, *, num_not_chat: int) -> Iterator[str]:
    """What is said to a person; the verdict stands last."""
    if found.chat:
        yield f"Chat: {_answers(found.chat)}."
    if num_not_chat:
        yield (
            f"Not asked as a chat: {counted(num_not_chat, 'row')}, which a chat cannot carry as "
            "the template lays them out (an input beside the instruction, or calls of tools)."
        )
    if found.raw is None:
        yield "Completions: it continues no raw prompts (/v1/completions); the chat decides."
    else:
        yield f"Completions of the run's own prompts: {_answers(found.raw)}."
    yield f"Template: {_template(found)}."
    yield f"Stops: {_stops(found)}."
    if found.serves:
        yield "It serves the model that was measured."
        return
    yield "It does NOT serve the model that was measured:"
    for one in found.causes:
        yield f"  {one.cause}: {one.words}. {one.cure}"


def _answers(matches: Sequence[AnswerMatch]) -> str:
    kinds = count_kinds(matches)
    equal, near = kinds.get("equal", 0), kinds.get("near tie", 0)
    others = len(matches) - equal - near
    parts = [f"{equal:,} of {len(matches):,} answers equal"]
    if near:
        parts.append(f"{near:,} differ from a near tie on")
    if others:
        first = next(match for match in matches if not match.is_good)
        parts.append(f"{others:,} differ ({_first(first)})")
    return ", ".join(parts)


def _first(match: AnswerMatch) -> str:
    if match.served.failure is not None:
        return f"row {match.row.example_id}: {match.served.failure}"
    found = repr(match.found) if match.found else "its end"
    expected = repr(match.expected) if match.expected else "the end"
    return f"row {match.row.example_id} from token {match.token:,} on: {found} for {expected}"


def _counts_word(found: ServerDiagnosis) -> str:
    if not found.counts.pairs:
        return "unknown"
    return "same" if found.counts.fit_ours else "other"


def _template(found: ServerDiagnosis) -> str:
    num = len(found.counts.pairs)
    if found.counts.fit_ours:
        return f"the same: its prompts have as many tokens as the run's ({num:,} counted)"
    if found.has_odd_counts:
        return (
            f"the same by its answers, though it counts {found.counts.usual_surplus:+d} tokens a "
            "prompt: its count is odd, not its prompt"
        )
    if found.counts.pairs:
        return f"another: it counts {found.counts.usual_surplus:+d} tokens a prompt"
    return "the same by its answers; it counts no tokens" if found.serves else "it counts no tokens"


def _stops(found: ServerDiagnosis) -> str:
    kinds = count_kinds(found.judged)
    told = ("goes on", "shows its stop", "cut off", "ends early")
    wrong = [f"{kind} in {kinds[kind]:,} rows" for kind in told if kinds.get(kind)]
    if not wrong and not any(match.is_good for match in found.judged):
        return "nothing shows where it ends, for no answer is the run's"
    return ", ".join(wrong) or "it ends where the run's model ended"
