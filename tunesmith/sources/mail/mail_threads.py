"""Mails -> which of them belong to one thread.

By In-Reply-To and References (RFC 5322), and where those are missing by a subject that says it
is a reply: disjoint sets, merged along every answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tunesmith.sources.mail.own_text import MailQuote
from tunesmith.sources.material import Turn

_SUBJECT_SECONDS = 30 * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail as far as threads need it.

    Attributes:
        turn: What its author wrote.
        name: What the author is called.
        id: Its own, or its place.
        answers: The ids of earlier mails, the nearest last.
        subject: Without `Re:`.
        is_reply: Whether the subject says so.
        quotes: The mails in it.
    """

    turn: Turn
    name: str
    id: str
    answers: tuple[str, ...]
    subject: str
    is_reply: bool
    quotes: tuple[MailQuote, ...] = ()


def mails_by_thread(mails: Sequence[Mail]) -> list[list[Mail]]:
    """The mails of each thread, the oldest first."""
    members: dict[int, list[Mail]] = {}
    for mail, root in zip(mails, _roots(mails), strict=True):
        members.setdefault(root, []).append(mail)
    return [
        sorted(thread, key=lambda mail: mail.turn.seconds or 0.0) for thread in members.values()
    ]


def _roots(mails: Sequence[Mail]) -> list[int]:
    """For each mail the number that its thread goes by."""
    parent = list(range(len(mails)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    def merge(one: int, other: int) -> None:
        first, second = sorted((root(one), root(other)))
        parent[second] = first

    by_id: dict[str, int] = {}
    for index, mail in enumerate(mails):
        by_id.setdefault(mail.id, index)
    for index, mail in enumerate(mails):
        for answered in mail.answers:  # also of mails that are not here: their answers are kin
            merge(index, by_id.setdefault(answered, index))
    for index, earlier in _same_subject(mails):
        merge(index, earlier)
    return [root(index) for index in range(len(mails))]


def _same_subject(mails: Sequence[Mail]) -> list[tuple[int, int]]:
    """Replies that name no mail, each with the newest one of its subject."""
    newest: dict[str, int] = {}
    pairs: list[tuple[int, int]] = []
    order = sorted(range(len(mails)), key=lambda index: mails[index].turn.seconds or 0.0)
    for index in order:
        mail = mails[index]
        earlier = newest.get(mail.subject)
        is_answer = mail.is_reply and not mail.answers and bool(mail.subject)
        if earlier is not None and is_answer and _are_near(mails[earlier], mail):
            pairs.append((index, earlier))
        newest[mail.subject] = index
    return pairs


def _are_near(earlier: Mail, later: Mail) -> bool:
    then, now = earlier.turn.seconds, later.turn.seconds
    return then is None or now is None or now - then <= _SUBJECT_SECONDS
