"""A question that a source leaves open -> numbered answers in a terminal, and the number typed."""

import sys
from typing import TYPE_CHECKING

from tunesmith.cli.terminal.output import printable

if TYPE_CHECKING:
    from tunesmith.stages.proposing.asked import Asker, Unsettled


def person_at_terminal(is_silent: bool) -> "Asker | None":
    """Who answers: the person at the terminal, or nobody."""
    can_talk = sys.stdin.isatty() and sys.stderr.isatty()
    return None if is_silent or not can_talk else ask_numbered


def ask_numbered(question: "Unsettled") -> int:
    """The place of the answer that was chosen; the first if nothing is typed."""
    print(printable(f"\n{question.where}: {question.text}"), file=sys.stderr)
    for sample in question.samples:
        print(printable(f"    {sample}"), file=sys.stderr)
    for number, answer in enumerate(question.answers, start=1):
        print(printable(f"  {number}  {answer}"), file=sys.stderr)
    while True:
        try:
            typed = input(f"Number [1-{len(question.answers)}, Enter: 1] ").strip()
        except EOFError:
            return 0
        if not typed:
            return 0
        if typed.isdecimal() and 1 <= int(typed) <= len(question.answers):
            return int(typed) - 1
