"""The markup of a Slack message -> text as people read it, and whom it mentions.

https://api.slack.com/reference/surfaces/formatting: only `&`, `<` and `>` are escaped, and
what stands in angle brackets is a user, a channel, a command or a link.
"""

import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime

_MARKUP = re.compile(r"<([^<>\n]+)>")
_WEB = re.compile(r"(?:https?|mailto|tel|ftp|slack)[:]")


def without_slack_markup(text: str, names: Mapping[str, str]) -> str:
    """Replace Slack's markup by words; `names` says what accounts and channels are called."""
    # U+2028 and the like stay; Slack's own line ends are line feeds already.
    return html.unescape(_MARKUP.sub(lambda match: _words(match.group(1), names), text)).strip()


def mentioned(text: str) -> tuple[str, ...]:
    """The accounts that a message mentions, in order, each once."""
    found = re.findall(r"<@([A-Z0-9_]+)(?:\|[^<>]*)?>", text)
    return tuple(dict.fromkeys(found))


def _words(inner: str, names: Mapping[str, str]) -> str:
    target, _, label = inner.partition("|")
    match target[:1]:
        case "@":
            return "@" + (names.get(target[1:]) or label.lstrip("@") or target[1:])
        case "#":
            return "#" + (label.lstrip("#") or names.get(target[1:]) or target[1:])
        case "!":
            return _command(target[1:], label)
    if not _WEB.match(target):
        return f"<{inner}>"
    return shown_link(target, label)


def shown_link(url: str, label: str) -> str:
    """A link's words with the page behind them, where they do not say it."""
    shown = url.partition(":")[2] if url.startswith(("mailto:", "tel:")) else url
    bare = shown.removeprefix("https://").removeprefix("http://").rstrip("/")
    if not label or label.removeprefix("https://").removeprefix("http://").rstrip("/") == bare:
        return shown
    return f"{label} ({shown})"


def shown_moment(seconds: object) -> str:
    """A date that names no other words for old programs."""
    try:
        return datetime.fromtimestamp(float(str(seconds)), UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return str(seconds)


def _command(name: str, label: str) -> str:
    """`<!here>`, `<!subteam^S1|@support>`, `<!date^1392734382^{date}|Feb 18>`."""
    if name.startswith("date^"):
        return label or shown_moment(name.split("^")[1])
    if name.startswith("subteam^"):
        return "@" + (label.lstrip("@") or name.partition("^")[2])
    return "@" + (label.lstrip("@") or name)
