"""A Discord channel as a page: its messages, and what stands around them."""

from pathlib import Path

from tests.sources.dialogues.reading import kind_of, pieces_of, reasons, talks
from tunesmith.sources.material import Thread
from tunesmith.sources.row import NotRead

EXCHANGE = ["How do I reset the dryer?", "Hold the blue button for ten seconds."]


def message(at: int, who: str, words: str, inner: str = "", *, is_first: bool = True) -> str:
    head = (
        f'<span class="chatlog__author" data-user-id="9{who}">{who}</span>'
        f'<span class="chatlog__timestamp" title="Monday, January 5, 2026 10:{at:02} AM">10</span>'
    )
    return (
        f'<div class="chatlog__message-container" data-message-id="70{at}">'
        f'<div class="chatlog__message">{inner}{head if is_first else ""}'
        f'<div class="chatlog__content chatlog__markdown">{words}</div></div></div>\n'
    )


def test_discord_as_a_page(tmp_path: Path) -> None:
    reply = '<div class="chatlog__reply-link" onclick="go(event, \'700\')">How do I</div>'
    page = (
        "<!DOCTYPE html><html><head><style>.chatlog__message { color: red }</style></head><body>"
        '<div class="preamble">Acme / help</div>'
        + message(0, "Mara", "How do I reset the dryer?")
        + message(1, "Mara", "It hums &amp; <b>blinks</b>.", is_first=False)
        + message(2, "Ben", "Hold the blue button for ten seconds.", reply)
        + "<div>Exported 3 messages</div></body></html>"
    )
    for name in ("help.html", "help"):
        pieces = pieces_of(tmp_path, name, page)
        asked = ["How do I reset the dryer?", "It hums & **blinks**."]
        assert talks(pieces) == [[*asked, EXCHANGE[1]]]
        beside = " ".join(piece.text for piece in pieces if isinstance(piece, NotRead))
        assert "Acme / help" in beside
        assert "Exported 3 messages" in beside
        assert "color" not in beside


def test_bots_notices_and_attachments_of_a_page(tmp_path: Path) -> None:
    bot = '<span class="chatlog__author-tag">BOT</span>'
    notice = '<div class="chatlog__system-notification-content">joined the server</div>'
    file = '<div class="chatlog__attachment">panel.png</div>'
    page = (
        "<html><body>"
        + message(0, "Mara", EXCHANGE[0], file)
        + message(1, "Robo", "Level up!", bot)
        + message(2, "Cyd", "", notice)
        + message(3, "Ben", EXCHANGE[1])
        + "</body></html>"
    )
    assert kind_of(tmp_path, "help.html", page) == "transcript"
    pieces = pieces_of(tmp_path, "help.html", page)
    assert talks(pieces) == [EXCHANGE]
    assert sorted(reasons(pieces)) == ["bot message", "system message"]
    (thread,) = [piece for piece in pieces if isinstance(piece, Thread)]
    assert [turn.author for turn in thread.turns] == ["9Mara", "9Ben"]
    assert "panel.png" in " ".join(piece.text for piece in pieces if isinstance(piece, NotRead))


def test_a_page_of_pictures_names_them(tmp_path: Path) -> None:
    file = '<div class="chatlog__attachment">panel.png</div>'
    pieces = pieces_of(tmp_path, "help.html", f"<html>{message(0, 'Mara', '', file)}</html>")
    assert talks(pieces) == []
    assert "panel.png" in " ".join(piece.text for piece in pieces if isinstance(piece, NotRead))
