"""Exports of chats and help desks in JSON and tables: who said what, what is left out, and why."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.sources.dialogues.reading import lost, pieces_of, reasons, said_in, talks
from tunesmith.sources.material import Thread
from tunesmith.sources.row import Dropped, NotRead

DAY = "2026-01-05T10:{:02}:00"
EXCHANGE = ["How do I reset the dryer?", "Hold the blue button for ten seconds."]


def telegram(at: int, who: str, text: Any, **others: Any) -> dict[str, Any]:
    moment = {"date": DAY.format(at), "date_unixtime": str(1767600000 + 60 * at)}
    sender = {"from": who, "from_id": f"user{who}"}
    return {"id": at, "type": "message", **moment, **sender, "text": text, **others}


TELEGRAM = [
    {
        "id": 0,
        "type": "service",
        "date": DAY.format(0),
        "actor": "Mara",
        "action": "create_group",
        "text": "",
    },
    telegram(1, "Mara", [{"type": "bold", "text": "How"}, " do I reset the dryer?"]),
    telegram(
        2,
        "Ben",
        EXCHANGE[1],
        reply_to_message_id=1,
        text_entities=[{"type": "plain", "text": EXCHANGE[1]}],
    ),
    telegram(3, "Ben", "", photo="(File not included)", media_type="sticker"),
]


@pytest.mark.parametrize(
    "value",
    [
        {"name": "Shop", "type": "private_supergroup", "id": 1, "messages": TELEGRAM},
        {
            "about": "all data",
            "chats": {
                "about": "chats",
                "list": [{"name": "Shop", "type": "personal_chat", "id": 1, "messages": TELEGRAM}],
            },
        },
        {"messages": TELEGRAM[1:]},
    ],
)
def test_telegram_of_one_chat_or_of_an_account(tmp_path: Path, value: Any) -> None:
    pieces = pieces_of(tmp_path, "result.json", json.dumps(value))
    assert talks(pieces) == [EXCHANGE]
    assert said_in(pieces)[0][0] == "userMara"
    assert set(reasons(pieces)) <= {"no author", "no text", "system message"}
    assert lost(value, pieces) == []


def discord(at: int, who: str, text: str, **others: Any) -> dict[str, Any]:
    author = {
        "id": f"9{who}",
        "name": who,
        "isBot": False,
        "roles": [{"id": "1", "name": "member"}],
    }
    base = {
        "id": str(at),
        "type": "Default",
        "timestamp": f"{DAY.format(at)}+00:00",
        "content": text,
    }
    return {**base, "author": author, "attachments": [], "embeds": [], **others}


def channel(*messages: dict[str, Any]) -> dict[str, Any]:
    return {
        "guild": {"id": "1", "name": "Acme"},
        "channel": {"id": "2", "name": "help"},
        "messages": list(messages),
    }


def test_discord_leaves_out_bots_and_notices(tmp_path: Path) -> None:
    bot = discord(3, "Robo", "Level up!")
    bot["author"]["isBot"] = True
    value = channel(
        discord(0, "Mara", EXCHANGE[0]),
        discord(
            1, "Ben", EXCHANGE[1], type="Reply", reference={"messageId": "0", "channelId": "2"}
        ),
        discord(2, "Cyd", "Joined the server.", type="GuildMemberJoin"),
        bot,
        discord(4, "Cyd", "", attachments=[{"id": "5", "fileName": "panel.png"}]),
    )
    pieces = pieces_of(tmp_path, "help.json", json.dumps(value))
    assert talks(pieces) == [EXCHANGE]
    assert sorted(reasons(pieces)) == ["bot message", "no text", "system message"]
    assert lost(value, pieces) == []
    (thread,) = [piece for piece in pieces if isinstance(piece, Thread)]
    assert dict(thread.names) == {"9Mara": "Mara", "9Ben": "Ben"}


def test_a_discord_channel_of_replies_is_parted_by_them(tmp_path: Path) -> None:
    messages = []
    for at in range(0, 56, 2):
        messages.append(discord(at, f"guest{at}", f"how do I configure module {at}?"))
        reply = {"messageId": str(at), "channelId": "2"}
        messages.append(
            discord(at + 1, "ben", f"Set module {at} to on.", type="Reply", reference=reply)
        )
    pieces = pieces_of(tmp_path, "help.json", json.dumps(channel(*messages)))
    assert sorted(talks(pieces)) == sorted(
        [f"how do I configure module {at}?", f"Set module {at} to on."] for at in range(0, 56, 2)
    )


DISCORD_CSV = """\
AuthorID,Author,Date,Content,Attachments,Reactions
"91","mara","2026-01-05T10:00:00.0000000+00:00","How do I reset the dryer?","",""
"92","ben","2026-01-05T10:01:00.0000000+00:00","Hold the blue button for ten seconds.","","wow (1)"
"91","mara","2026-01-07T10:02:00.0000000+00:00","Which fuse does the oven need?","panel.png",""
"92","ben","2026-01-07T10:03:00.0000000+00:00","A slow fuse of sixteen amperes.","",""
"""


@pytest.mark.parametrize("dates", ["iso", "words"])
def test_discord_as_a_table(tmp_path: Path, dates: str) -> None:
    content = DISCORD_CSV
    if dates == "words":
        for day in ("05", "07"):
            content = content.replace(f"2026-01-{day}T", f"{day}-Jan-26 ")
        content = content.replace(":00.0000000+00:00", " AM")
    pieces = pieces_of(tmp_path, "help.csv", content)
    assert talks(pieces) == [
        EXCHANGE,
        ["Which fuse does the oven need?", "A slow fuse of sixteen amperes."],
    ]
    beside = " ".join(piece.text for piece in pieces if isinstance(piece, NotRead))
    assert "wow" in beside
    assert "panel.png" in beside


def teams(at: int, who: str, text: str, **others: Any) -> dict[str, Any]:
    user = {"id": f"id-{who}", "displayName": who, "userIdentityType": "aadUser"}
    base = {
        "id": str(at),
        "replyToId": None,
        "messageType": "message",
        "createdDateTime": f"{DAY.format(at)}Z",
    }
    sender = {"from": {"application": None, "device": None, "user": user}}
    body = {"body": {"contentType": "html", "content": f"<p>{text}</p>"}}
    return {
        **base,
        "deletedDateTime": None,
        "subject": None,
        **sender,
        **body,
        "attachments": [],
        **others,
    }


@pytest.mark.parametrize(
    "wrap", [lambda found: found, lambda found: {"@odata.count": 3, "value": found}]
)
def test_teams_as_graph_gives_them(tmp_path: Path, wrap: Callable[[Any], Any]) -> None:
    notice = {**teams(2, "Ben", ""), "messageType": "systemEventMessage", "from": None}
    value = wrap(
        [
            teams(0, "Mara", EXCHANGE[0]),
            teams(1, "Ben", EXCHANGE[1], replyToId="0"),
            notice,
            teams(3, "Mara", "Thanks", deletedDateTime="2026-01-05T11:00:00Z"),
        ]
    )
    pieces = pieces_of(tmp_path, "messages.json", json.dumps(value))
    assert talks(pieces) == [EXCHANGE]
    assert {"deleted message", "system message"} == set(reasons(pieces))


def test_teams_and_skype_of_an_account(tmp_path: Path) -> None:
    messages = [
        {
            "id": "1",
            "originalarrivaltime": f"{DAY.format(0)}Z",
            "messagetype": "Text",
            "from": "8:mara",
            "content": EXCHANGE[0],
        },
        {
            "id": "2",
            "originalarrivaltime": f"{DAY.format(1)}Z",
            "messagetype": "RichText/Html",
            "from": "8:ben",
            "content": f"<p>{EXCHANGE[1]}</p>",
        },
        {
            "id": "3",
            "originalarrivaltime": f"{DAY.format(2)}Z",
            "messagetype": "ThreadActivity/AddMember",
            "from": "8:ben",
            "content": "<addmember/>",
        },
    ]
    value = {
        "userId": "8:ben",
        "conversations": [{"id": "19:x", "displayName": "Shop", "MessageList": messages}],
    }
    pieces = pieces_of(tmp_path, "messages.json", json.dumps(value))
    assert talks(pieces) == [EXCHANGE]
    assert reasons(pieces) == ["system message"]


COMMENTS = [
    {"author_id": 5, "body": EXCHANGE[0], "html_body": "<p>x</p>", "public": True},
    {"author_id": 9, "body": "look at the stock", "public": False},
    {"author_id": 9, "body": EXCHANGE[1], "public": True},
]
FRESHDESK = [
    {
        "body": f"<div>{EXCHANGE[1]}</div>",
        "body_text": EXCHANGE[1],
        "incoming": False,
        "private": False,
        "user_id": 9,
    },
    {
        "body": "<div>stock</div>",
        "body_text": "stock",
        "incoming": False,
        "private": True,
        "user_id": 9,
    },
]
PARTS = [
    {
        "type": "conversation_part",
        "part_type": "comment",
        "body": f"<p>{EXCHANGE[1]}</p>",
        "author": {"type": "admin", "id": "25"},
    },
    {
        "type": "conversation_part",
        "part_type": "note",
        "body": "<p>stock</p>",
        "author": {"type": "admin", "id": "25"},
    },
    {
        "type": "conversation_part",
        "part_type": "close",
        "body": None,
        "author": {"type": "admin", "id": "25"},
    },
]
TICKETS: dict[str, Any] = {
    "zendesk": {
        "tickets": [{"id": 1, "subject": "Dryer", "description": EXCHANGE[0], "comments": COMMENTS}]
    },
    "zendesk with requester": [{"ticket": {"id": 1, "requester_id": 5, "comments": COMMENTS}}],
    "freshdesk": [
        {
            "id": 1,
            "subject": "Dryer",
            "description_text": EXCHANGE[0],
            "requester_id": 5,
            "conversations": FRESHDESK,
        }
    ],
    "intercom": {
        "type": "conversation.list",
        "conversations": [
            {
                "id": "1",
                "source": {
                    "type": "conversation",
                    "body": f"<p>{EXCHANGE[0]}</p>",
                    "author": {"type": "user", "id": "5"},
                },
                "conversation_parts": {
                    "type": "conversation_part.list",
                    "conversation_parts": PARTS,
                },
            }
        ],
    },
    "github": [
        {
            "number": 1,
            "title": "Dryer",
            "body": EXCHANGE[0],
            "user": {"login": "mara", "id": 5},
            "comments": [
                {
                    "body": EXCHANGE[1],
                    "user": {"login": "ben", "id": 9},
                    "created_at": "2026-01-05T10:00:00Z",
                }
            ],
        },
        {
            "number": 2,
            "title": "Oven",
            "body": "It hums.",
            "user": {"login": "mara", "id": 5},
            "comments": [],
        },
    ],
    "gh": [
        {
            "number": 1,
            "title": "Dryer",
            "body": EXCHANGE[0],
            "author": {"login": "mara"},
            "comments": [
                {"body": EXCHANGE[1], "author": {"login": "ben"}, "authorAssociation": "OWNER"}
            ],
        }
    ],
    "claude": [
        {
            "uuid": "1",
            "name": "Dryer",
            "chat_messages": [
                {
                    "uuid": "2",
                    "text": EXCHANGE[0],
                    "content": [{"type": "text", "text": EXCHANGE[0]}],
                    "sender": "human",
                },
                {
                    "uuid": "3",
                    "text": "",
                    "content": [{"type": "text", "text": EXCHANGE[1]}],
                    "sender": "assistant",
                },
            ],
        }
    ],
    "google chat": {
        "messages": [
            {
                "creator": {"name": "Mara", "email": "m@x.example", "user_type": "Human"},
                "created_date": "Monday",
                "text": EXCHANGE[0],
                "topic_id": "t1",
            },
            {
                "creator": {"name": "Ben", "email": "b@x.example", "user_type": "Human"},
                "created_date": "Monday",
                "text": EXCHANGE[1],
                "topic_id": "t1",
            },
        ]
    },
}


@pytest.mark.parametrize("desk", TICKETS)
def test_tickets_of_help_desks(tmp_path: Path, desk: str) -> None:
    pieces = pieces_of(tmp_path, "export.json", json.dumps(TICKETS[desk]))
    assert EXCHANGE in talks(pieces)
    is_noted = "stock" in json.dumps(TICKETS[desk])
    assert ("internal note" in reasons(pieces)) == is_noted
    assert lost(TICKETS[desk], pieces) == []


TWEETS = """\
tweet_id,author_id,inbound,created_at,text,response_tweet_id,in_response_to_tweet_id
1,115,True,Tue Oct 31 22:10:47 +0000 2017,How do I reset the dryer?,2,
2,Acme,False,Tue Oct 31 22:11:47 +0000 2017,Hold the blue button for ten seconds.,,1
3,116,True,Tue Oct 31 22:12:47 +0000 2017,Which fuse does the oven need?,4,
4,Acme,False,Tue Oct 31 22:13:47 +0000 2017,A slow fuse.,,3
"""


def test_answers_by_the_id_of_what_they_answer(tmp_path: Path) -> None:
    pieces = pieces_of(tmp_path, "tweets.csv", TWEETS)
    assert talks(pieces) == [EXCHANGE, ["Which fuse does the oven need?", "A slow fuse."]]
    threads = [piece for piece in pieces if isinstance(piece, Thread)]
    assert [turn.is_staff for turn in threads[0].turns] == [False, True]
    assert not [piece for piece in pieces if isinstance(piece, Dropped)]
