"""The headings of a section -> the question that its text answers.

Rules from the plainest to the vaguest: a heading that asks is the question; one that names
an action asks how to do it; a usual one ("Installation") has wordings of its own; whatever
else is asked for by its name, in quotes unless the text itself uses the words.
"""

import functools
import re
from collections.abc import Sequence

from tunesmith.examples.conversion.heading_wordings import (
    WordingLanguage,
    built_or_installed,
    done_to_products,
    draw_wording,
    heading_wordings,
    kinds_of_text,
    often_nouns,
    verbs,
    wording_language,
)
from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.material import Section
from tunesmith.sources.pages.question_text import asks, ends_asking
from tunesmith.sources.pages.subject import is_generic, without_kind_of_page

_PARENTHESES = re.compile(r"^\((?:optional|advanced|experimental)\)\s*[:：]?\s*", re.IGNORECASE)
_STEP = re.compile(r"^(?:method|option|variant|approach|way|step)\s+\w{1,3}\s*[.:)-]\s*", re.I)
_NOTE = re.compile(r"^(?:(?:an?|some)\s+)?(?:short\s+)?notes?\s+(?:about|on)\s+", re.IGNORECASE)
_JOINED = re.compile(r"(\s*(?:,|&|/|\band\b|\bor\b)\s*)", re.IGNORECASE)
_CODE_NAME = re.compile(
    r"^`[^`]+`$|^[A-Za-z]\w*[_.:]\w[\w.:]*(?:\(.*\))?$|^[a-z]+[A-Z]\w*(?:\(.*\))?$"
    r"|^\w{2,}\((?!s\)).*\)$|^--?[a-z][\w-]*$"
)
_PROTOTYPE = re.compile(
    r"^(?:[\w*<>:&]+\s+)+\*?(\w+)\s*\([^()]*\)\s*;$|^(?:[\w*]+\s+)*\*?(\w*_\w+)\([^()]*\)$"
)
_MAX_ACTION_WORDS = 16
_INDIRECT = re.compile(r"^(?:what|where|when|why|who|which|how)\s", re.IGNORECASE)
_THIS = re.compile(r"\b(is|use|get|install|need) (?:this|it)(?=\?*$)", re.IGNORECASE)
_MARKS = {"zh": "？", "ja": "？", "ar": "؟", "el": ";"}
_PLAIN_WORD = re.compile(r"^[A-Z][a-z]+(?:'s|’s)?$")


def section_question(section: Section, seed: str) -> str:
    """What a reader would ask to get a section as the answer.

    Args:
        section: Its last heading is asked for; the others and the subject give context.
        seed: Draws the wording; the same seed draws the same.
    """
    heading = _bare(section.headings[-1])
    language = wording_language(heading)
    for rule in (_asked, _by_title, _by_pattern, _by_action, _by_preposition, _by_code):
        question = rule(section, heading, language, seed)
        if question is not None:
            return question
    return _by_noun(section, heading, language, seed)


def part_question(question: str, number: int, count: int) -> str:
    """The question for one of several parts of a section."""
    language = wording_language(question)
    form: str = heading_wordings(language).forms["part"]
    return form.format(question=question, number=number, count=count)


def _bare(heading: str) -> str:
    text = _PARENTHESES.sub("", heading.strip()).rstrip(":：. ")
    return _NOTE.sub("", _STEP.sub("", text)) or heading


def _asked(section: Section, heading: str, language: WordingLanguage, seed: str) -> str | None:
    if asks(heading):
        is_title = not ends_asking(heading) and "՞" not in heading
        if is_title and (usual := _by_pattern(section, heading, language, seed)):
            return usual
        if heading.lower().startswith("how to "):
            return f"How do I {_lowered_verb(heading[7:].rstrip('?'))}?"
        if section.subject:
            heading = _THIS.sub(lambda match: f"{match[1]} {section.subject}", heading)
        mark = _MARKS.get(language, "?")
        return heading.rstrip("。 ") + mark if is_title else heading
    if language == "en" and _INDIRECT.match(heading) and len(heading.split()) > 2:
        form = draw_wording(heading_wordings("en").forms["statement"], seed)
        return form.format(topic=heading[0].lower() + heading[1:])
    return None


def _by_title(section: Section, heading: str, language: WordingLanguage, seed: str) -> str | None:
    if len(section.headings) > 1:
        return None
    if section.subject:
        is_name = section.subject in heading or heading in section.subject
        if is_name:
            return heading_wordings(language).pick("title", True, seed).format(name=section.subject)
    if _by_pattern(section, heading, language, seed) or _is_action(heading):
        return None
    topic = _topic(heading, section.text, language)
    return heading_wordings(language).pick("title", False, seed).format(topic=topic)


def _by_pattern(section: Section, heading: str, language: WordingLanguage, seed: str) -> str | None:
    bare = heading
    if section.subject and language == "en":
        bare = re.sub(rf"\s+(?:of\s+)?{re.escape(section.subject)}$", "", heading, flags=re.I)
    for pattern in heading_wordings(language).patterns:
        if pattern.heading.fullmatch(bare):
            if section.subject:
                form = draw_wording(pattern.named, seed)
                return form.format(name=section.subject, heading=_lowered(heading))
            question = draw_wording(pattern.without, seed).format(heading=_lowered(heading))
            return f"{_context(section.headings[:-1], language)}{question}"
    return None


def _context(headings: Sequence[str], language: WordingLanguage) -> str:
    """The nearest heading above that says something, as what the question is about."""
    for heading in reversed(headings):
        context = without_kind_of_page(_bare(heading))
        if context and not is_generic(context) and not asks(context):
            return f"{context}：" if language == "zh" else f"{context}: "
    return ""


def _by_action(section: Section, heading: str, language: WordingLanguage, seed: str) -> str | None:
    action = _chinese_action(heading) if language == "zh" else _action(heading, section.subject)
    if action is None:
        return None
    return draw_wording(heading_wordings(language).forms["action"], seed).format(action=action)


def _by_preposition(
    section: Section, heading: str, language: WordingLanguage, seed: str
) -> str | None:
    """Ask for "With pip" below "Install" as how to install with pip.

    Names of platforms need no preposition.
    """
    if language != "en" or len(section.headings) < 2:
        return None
    phrase = heading[0].lower() + heading[1:] if _leading_preposition().match(heading) else None
    for preposition, names in heading_wordings("en").forms["platforms"].items():
        if heading.lower() in (name.lower() for name in names):
            phrase = f"{preposition} {heading}"
    if phrase is None:
        return None
    above = Section(
        headings=section.headings[:-1], text="", source=section.source, subject=section.subject
    )
    parent = _bare(above.headings[-1])
    action = _action(parent, section.subject) or _pattern_action(parent, section.subject)
    if action is None:
        return None
    return draw_wording(heading_wordings("en").forms["action"], seed).format(
        action=f"{action} {phrase}"
    )


def _by_code(section: Section, heading: str, language: WordingLanguage, seed: str) -> str | None:
    if section.subject and heading.strip("`") == section.subject:
        return heading_wordings(language).pick("title", True, seed).format(name=section.subject)
    prototype = _PROTOTYPE.match(heading)
    if prototype is not None:
        topic = f"`{prototype[1] or prototype[2]}`"
    elif _CODE_NAME.match(heading):
        topic = heading if heading.startswith("`") else f"`{heading}`"
    else:
        return None
    form = heading_wordings("en").pick("code", bool(section.subject), seed)
    return form.format(topic=topic, name=section.subject)


def _by_noun(section: Section, heading: str, language: WordingLanguage, seed: str) -> str:
    table = heading_wordings(language)
    has_parent = len(section.headings) > 2
    values = {"topic": _topic(heading, section.text, language), "name": section.subject}
    if has_parent:
        parent = _bare(section.headings[-2])
        values["parent"] = parent if language != "en" else f'"{parent}"'
    form = table.pick("noun_within" if has_parent else "noun", bool(section.subject), seed)
    return form.format(**values)


def _topic(heading: str, text: str, language: WordingLanguage) -> str:
    """A heading as words of a sentence, where the text uses it so; else in quotes."""
    if language != "en":
        return heading
    lowered = _lowered(heading)
    is_used = re.search(rf"\b{re.escape(lowered)}\b", text) is not None
    return lowered if is_used and lowered == lowered.lower() else f'"{heading}"'


def _lowered(heading: str) -> str:
    first, _, rest = heading.partition(" ")
    return f"{first.lower()} {rest}".strip() if _PLAIN_WORD.match(first) else heading


def _is_action(heading: str) -> bool:
    return _action(heading, "") is not None


def _action(heading: str, subject: str) -> str | None:
    """What one does: "install and use plugins" of "Installing and using plugins"."""
    words = _capital_function_word().sub(lambda match: match[0].lower(), heading).split()
    if heading.endswith(("!", ".")) or not 0 < len(words) <= _MAX_ACTION_WORDS:
        return None
    first = words[0].lower()
    if len(words) == 2 and words[1].lower() in kinds_of_text():
        return None
    if first in verbs():
        return _gerund_action(words, subject)
    known = set(verbs().values())
    if first not in known or len(words) < 2:
        return None
    if first in often_nouns() and words[1].lower() not in _named("determiners"):
        return None
    return _with_subject(_lowered_verb(" ".join(words)), subject)


def _gerund_action(words: Sequence[str], subject: str) -> str | None:
    first = words[0].lower()
    if len(words) == 1:
        is_done_to_it = verbs()[first] in done_to_products()
        return f"{verbs()[first]} {subject}" if subject and is_done_to_it else None
    shows_verb = _named("determiners") | _named("prepositions")
    if first in often_nouns() and words[1].lower() not in shows_verb:
        return None
    pieces = _JOINED.split(" ".join(words))
    changed = [_infinitive(piece, is_first=index == 0) for index, piece in enumerate(pieces)]
    return _with_subject("".join(changed), subject)


def _with_subject(action: str, subject: str) -> str:
    """Name the product where nothing else is built: "build Expat under Windows"."""
    verb, _, rest = action.partition(" ")
    is_open = verb in built_or_installed() and rest.split()[0].lower() in _named("where_or_how")
    return f"{verb} {subject} {rest}" if subject and is_open else action


def _infinitive(piece: str, *, is_first: bool) -> str:
    head, space, rest = piece.partition(" ")
    verb = verbs().get(head.lower())
    is_verb = verb is not None and (is_first or head == head.lower() or bool(rest))
    return f"{verb}{space}{rest}" if is_verb else piece


def _lowered_verb(text: str) -> str:
    first, space, rest = text.strip().partition(" ")
    return f"{first.lower() if _PLAIN_WORD.match(first) else first}{space}{rest}"


def _pattern_action(heading: str, subject: str) -> str | None:
    """What "Installation" or "Setup" has one do."""
    if not subject:
        return None
    for entry in heading_wordings("en").forms["patterns"]:
        if "acts" in entry and re.fullmatch(entry["heading"], heading, re.IGNORECASE):
            return str(entry["acts"]).format(name=subject)
    return None


def _chinese_action(heading: str) -> str | None:
    first = tuple(heading_wordings("zh").forms["verbs"])
    is_action = heading.startswith(first) and len(heading) > 2 and heading not in first
    return heading if is_action else None


@functools.cache
def _named(name: str) -> frozenset[str]:
    return frozenset(lexicon(__package__).words(name))


@functools.cache
def _leading_preposition() -> re.Pattern[str]:
    return re.compile(rf"^(?:{lexicon(__package__).either('leading_prepositions')})\b", re.I)


@functools.cache
def _capital_function_word() -> re.Pattern[str]:
    words = lexicon(__package__).either("capital_function_words")
    return re.compile(rf"(?<= )(?:{words})(?= )")
