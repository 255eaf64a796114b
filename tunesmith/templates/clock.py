"""A chat template that asks for the date or the clock, and a moment -> the same, answered once.

Templates ask by `strftime_now(format)`, which every tool answers with the moment it runs at: what
is trained on Monday is then used with Tuesday's date. Here the answer becomes a part of the
template's text, as a macro of that name, so that training, use and every other tool that reads
the saved template write the same.
"""

import re
from datetime import datetime

from tunesmith.sandbox.compiled_template import CompiledTemplate
from tunesmith.templates.text_template import jinja_literal

CLOCK = "strftime_now"
_DIRECTIVE = re.compile(r"%[-_0^#]?[A-Za-z]|%%")
_USUAL = "%Y %m %d %B %b %A %a %y %H %I %M %S %p %f %j %-d %-m"
_DATE_WORDS = re.compile(
    "dates?|todays?|(date)?time|(utc)?now|clock|day|weekday|month|year", re.IGNORECASE
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_NOT_ASKED = "none"


def reads_clock(compiled: CompiledTemplate) -> bool:
    """Whether a template asks what time it is."""
    return CLOCK in compiled.functions


def fixed_date(asked: str, moment: datetime | None) -> str | None:
    """What `template.date` comes to: a moment in ISO's form, `none`, or None for that of each use.

    Args:
        asked: `auto`, `none`, or a date, perhaps with the time.
        moment: When the run began, for `auto`.
    """
    if asked == _NOT_ASKED:
        return asked
    if asked != "auto":
        moment = datetime.fromisoformat(asked)
    return None if moment is None else moment.isoformat()


def with_date(text: str, date: str) -> str:
    """A template's text whose clock stands still.

    Args:
        text: It asks for the date.
        date: In ISO's form, or `none`: then what it asks for stays empty.
    """
    body = ""
    if date != _NOT_ASKED:
        moment = datetime.fromisoformat(date)
        found = dict.fromkeys(_DIRECTIVE.findall(text)) or _USUAL.split()
        replaced = "".join(
            f" | replace({jinja_literal(one)}, {jinja_literal(moment.strftime(one))})"
            for one in found
        )
        body = f"{{{{ format{replaced} }}}}"
    return f"{{%- macro {CLOCK}(format) -%}}{body}{{%- endmacro %}}\n{text}"


def date_in_words(date: str) -> str:
    """A fixed date for people."""
    return "nothing" if date == _NOT_ASKED else date.replace("T", " ").partition(".")[0]


def unset_dates(compiled: CompiledTemplate, given: frozenset[str]) -> list[str]:
    """Variables that by their name are a date and that neither recipe nor template sets.

    Args:
        compiled: The template.
        given: What the recipe or the tokenizer sets.
    """
    return [
        name
        for name in sorted(compiled.variables - given)
        if is_date_name(name) and not re.search(rf"\bset\s+{name}\b", compiled.text)
    ]


def is_date_name(name: str) -> bool:
    """Whether a variable is a date or the time by its name: `date_string`, `currentDate`, `now`."""
    return any(map(_DATE_WORDS.fullmatch, _WORD.findall(name)))
