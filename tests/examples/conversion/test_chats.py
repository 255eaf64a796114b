"""Chats, mails and dialogues written by hand, each with the conversations a person sees in them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.examples.reading import read_all
from tunesmith.examples.example import Example
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.row import Dropped

Turns = list[str]  # alternating: asked, answered


def read(folder: Path, name: str, content: str | bytes, **recipe: Any) -> list[Example | Dropped]:
    data = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(data)
    source = SourceRecipe.model_validate({"path": name, **recipe})
    return list(read_all([source], folder=folder))


def kept(items: list[Example | Dropped]) -> list[Turns]:
    return [[m.content for m in item.messages] for item in items if isinstance(item, Example)]


def reasons(items: list[Example | Dropped]) -> list[tuple[str, str]]:
    return [(item.source, item.reason) for item in items if isinstance(item, Dropped)]


WHATSAPP_ANDROID = """\
12/28/25, 9:00 AM - Messages and calls are end-to-end encrypted. Tap to learn more.
12/28/25, 9:01 AM - Ann Lee: Hi! Do you still rent out the canoe?
12/28/25, 9:05 AM - Boats & Co: Yes, 30 a day.
Paddles are included.
12/28/25, 9:06 AM - Ann Lee: And on Sundays?
12/28/25, 9:20 AM - Boats & Co: <Media omitted>
12/28/25, 9:21 AM - Boats & Co: The same: see the list.
12/28/25, 9:30 AM - Ann Lee: Thanks!
12/30/25, 8:00 PM - Ann Lee: Where is the key for the lock?
12/30/25, 8:10 PM - Boats & Co: Under the bench.
12/30/25, 8:11 PM - Ann Lee: This message was deleted
"""
WHATSAPP_IOS = """\
[28.12.25, 21:00:01] Ben: \u200eMessages and calls are end-to-end encrypted.
[28.12.25, 21:00:05] ~\u202fAnn: Wann kommt der Techniker?
\u200e[28.12.25, 21:03:00] Ben: \u200eBild weggelassen
[28.12.25, 21:03:09] Ben: Morgen um acht. \u200e<This message was edited>
"""


def test_whatsapp_of_android(tmp_path: Path) -> None:
    items = read(tmp_path, "chat.txt", WHATSAPP_ANDROID)
    assert kept(items) == [
        [
            "Hi! Do you still rent out the canoe?",
            "Yes, 30 a day.\nPaddles are included.",
            "And on Sundays?",
            "The same: see the list.",
        ],
        ["Where is the key for the lock?", "Under the bench."],
    ]
    examples = [item for item in items if isinstance(item, Example)]
    assert [example.source for example in examples] == ["chat.txt:2", "chat.txt:9"]
    assert sorted(reasons(items)) == [
        ("chat.txt:1", "system message"),
        ("chat.txt:11", "deleted message"),
        ("chat.txt:6", "no text"),
        ("chat.txt:8", "only greetings and thanks"),
    ]


def test_whatsapp_of_ios(tmp_path: Path) -> None:
    items = read(tmp_path, "chat.txt", WHATSAPP_IOS)
    assert kept(items) == [["Wann kommt der Techniker?", "Morgen um acht."]]


IRC_LOG = """\
=== ann [~ann@host] has joined #help
[10:00] <ann> hi all
[10:00] <ann> how do i list open ports?
[10:01] <cyd> my mouse jumps since the update, any idea?
[10:01] <bob> ann: ss -tlnp
[10:02] <dee> cyd: unplug the receiver and plug it in again
[10:02] <ann> bob: and only udp?
[10:02] <bob> ss -ulnp
[10:03] <cyd> dee: that did it
[10:03] * bob goes for coffee
[10:03] <ann> bob: thanks
=== bob is now known as bob_away
[10:40] <eve> where are the logs of cron?
[10:41] <bob_away> eve: journalctl -u cron
"""
IRC_LABELS = [
    ["hi all\nhow do i list open ports?", "ss -tlnp", "and only udp?", "ss -ulnp"],
    [
        "my mouse jumps since the update, any idea?",
        "unplug the receiver and plug it in again",
    ],
    ["where are the logs of cron?", "journalctl -u cron"],
]


@pytest.mark.parametrize(
    "style",
    ["{line}", "10:00 {bare}", "2026-01-05 {clock}:00 {said}", "[2026-01-05T{clock}:00Z] {said}"],
)
def test_irc_in_several_forms(tmp_path: Path, style: str) -> None:
    lines = []
    for line in IRC_LOG.splitlines():
        clock, said = (line[1:6], line[8:]) if line.startswith("[") else ("", line)
        bare = {"{line}": line}.get(style, f"{clock} {said}" if clock else said)
        if clock and style not in ("{line}", "10:00 {bare}"):
            bare = style.format(clock=clock, said=said)
        lines.append(bare)
    items = read(tmp_path, "help.log", "\n".join(lines) + "\n", kind="irc")
    assert kept(items) == IRC_LABELS
    assert "system message" in dict(reasons(items)).values()


def test_irc_places_are_lines(tmp_path: Path) -> None:
    items = read(tmp_path, "help.log", IRC_LOG)
    lines = IRC_LOG.splitlines()
    for item in items:
        if isinstance(item, Example):
            first = item.messages[0].content.split("\n")[0]
            assert first in lines[int(item.source.rpartition(":")[2]) - 1]


def mojibake(text: str) -> str:
    return text.encode().decode("latin-1")


def messenger(*messages: tuple[str, str | None, int]) -> str:
    records = [
        {"sender_name": mojibake(who), "timestamp_ms": 1_767_600_000_000 + minute * 60_000}
        | ({"content": mojibake(text)} if text is not None else {"photos": []})
        for who, text, minute in messages
    ]
    participants = [{"name": mojibake(name)} for name in {who for who, _, _ in messages}]
    return json.dumps({"participants": participants, "messages": records[::-1]}, indent=2)


MESSENGER = messenger(
    ("Zoë", "Ist das Fahrrad noch zu haben? 🚲", 0),
    ("Café Rad", None, 4),
    ("Café Rad", "Ja, für 80 €.", 5),
    ("Zoë", "Zoë sent an attachment.", 6),
    ("Zoë", "Wo kann ich es abholen?", 7),
    ("Café Rad", "Am Ring 3, bis 18 Uhr.", 300),
    ("Zoë", "Danke!", 301),
)
MESSENGER_LABEL = [
    "Ist das Fahrrad noch zu haben? 🚲",
    "Ja, für 80 €.",
    "Wo kann ich es abholen?",
    "Am Ring 3, bis 18 Uhr.",
]


def test_messenger_mends_its_characters(tmp_path: Path) -> None:
    items = read(tmp_path, "message_1.json", MESSENGER)
    assert kept(items) == [MESSENGER_LABEL]
    assert sorted(reason for _, reason in reasons(items)) == [
        "no text",
        "only greetings and thanks",
        "system message",
    ]
    (example,) = [item for item in items if isinstance(item, Example)]
    line = int(example.source.rpartition(":")[2])
    record = "\n".join(MESSENGER.split("\n")[line - 1 : line + 4])
    assert json.dumps(mojibake(MESSENGER_LABEL[0]))[1:-1] in record


def test_messenger_download_as_a_folder(tmp_path: Path) -> None:
    chat = tmp_path / "download" / "messages" / "inbox" / "cafe_1"
    chat.mkdir(parents=True)
    (chat / "message_1.json").write_text(messenger(("Ed", "At noon.", 3)))
    (chat / "message_2.json").write_text(messenger(("Flo", "When do you open?", 0)))
    items = list(read_all([SourceRecipe(path="download")], folder=tmp_path))
    assert kept(items) == [["When do you open?", "At noon."]]


CSV_DIALOGUES = """\
ticket_id,sent_at,sender_role,author,body
T1,2026-01-05 10:00,customer,Ann,The parcel has not come.
T2,2026-01-05 10:01,customer,Ed,"Hello,
do you ship to Malta?"
T1,2026-01-05 10:03,agent,Flo,It is with the courier; it comes tomorrow.
T1,2026-01-05 10:04,system,,Ticket assigned to Flo
T2,2026-01-05 10:05,agent,Flo,"Yes, for 12 euros."
T2,2026-01-05 10:09,customer,Ed,And to Gozo?
T2,2026-01-05 10:12,agent,Gus,"Yes, that too."
T3,2026-01-05 11:00,customer,Hal,Where is my invoice?
T1,2026-01-05 12:00,customer,Ann,Thanks
"""
CSV_LABELS = [
    ["The parcel has not come.", "It is with the courier; it comes tomorrow."],
    ["Hello,\ndo you ship to Malta?", "Yes, for 12 euros.", "And to Gozo?", "Yes, that too."],
]


def test_a_table_with_a_message_a_row(tmp_path: Path) -> None:
    items = read(tmp_path, "tickets.csv", CSV_DIALOGUES)
    assert kept(items) == CSV_LABELS
    assert sorted(reasons(items)) == [
        ("tickets.csv:10", "nobody answers"),
        ("tickets.csv:11", "unanswered at the end"),
        ("tickets.csv:6", "system message"),
    ]
    examples = [item for item in items if isinstance(item, Example)]
    assert [example.source for example in examples] == ["tickets.csv:2", "tickets.csv:3"]


def test_columns_can_be_named(tmp_path: Path) -> None:
    head, _, body = CSV_DIALOGUES.partition("\n")
    fields = {"thread": "nr", "role": "wer", "message": "was"}
    items = read(tmp_path, "t.csv", f"nr,wann,wer,name,was\n{body}", fields=fields)
    assert head.count(",") == 4
    assert kept(items) == CSV_LABELS


TURNS = [("Customer", "Is the hall free on May 3?"), ("Agent", "Yes, from noon on.")]


@pytest.mark.parametrize(
    "row",
    [
        {"id": 1, "dialogue": [{"speaker": who, "text": text} for who, text in TURNS]},
        {"id": 1, "turns": [{"role": who, "utterance": text} for who, text in TURNS]},
        {"id": 1, "original": [list(turn) for turn in TURNS]},
        {"id": 1, "messages": [{"sender": who.lower(), "body": text} for who, text in TURNS]},
        {"id": 1, "conversation": "\n".join(f"{who}: {text}" for who, text in TURNS)},
        {"id": 1, "transcript": "\n\n".join(f"**{who}:** {text}" for who, text in TURNS)},
    ],
)
@pytest.mark.parametrize("name", ["d.jsonl", "d.json"])
def test_a_row_with_a_conversation(tmp_path: Path, row: dict[str, Any], name: str) -> None:
    second = {**row, "id": 2}
    content = json.dumps([row, second]) if name == "d.json" else f"{json.dumps(row)}\n"
    items = read(tmp_path, name, content)
    assert kept(items) == [[text for _, text in TURNS]]


@pytest.mark.parametrize(
    "row",
    [
        {"instruction": "Say hi.", "output": "Hi."},
        {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]},
        {"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]},
        {"question": "a", "answer": "Agent: x\nCustomer: y"},
        {"ticket": "T1", "type": "bug", "text": "It broke.", "label": "x"},
    ],
)
def test_rows_stay_rows(tmp_path: Path, row: dict[str, Any]) -> None:
    items = read(tmp_path, "d.jsonl", f"{json.dumps(row)}\n{json.dumps(row)}\n")
    assert not {reason for _, reason in reasons(items)} - {"exact duplicate"}
    assert len(kept(items)) == 1
    assert items[0].source == "d.jsonl:1"


MBOX = b"""\
From ann@a.example Mon Jan  5 10:00:00 2026
From: Ann Lee <ann@a.example>
To: help@shop.example
Subject: Refund for order 7
Message-ID: <1@a>
Date: Mon, 05 Jan 2026 10:00:00 +0000

Hello,

how long does a refund take?
>From what I read it is five days.

Best regards,
Ann Lee
Example Street 1

From help@shop.example Mon Jan  5 11:00:00 2026
From: "Shop help" <help@shop.example>
Subject: Re: Refund for order 7
Message-ID: <2@b>
In-Reply-To: <1@a>
Date: Mon, 05 Jan 2026 11:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="X"

--X
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

It takes five days. The caf=E9 voucher comes at once.

On Mon, Jan 5, 2026 at 10:00 AM Ann Lee
<ann@a.example> wrote:
> how long does a refund take?
--X
Content-Type: text/html; charset=utf-8

<p>It takes five days.</p>
--X--

From daemon@shop.example Mon Jan  5 11:30:00 2026
From: MAILER-DAEMON@shop.example
Subject: Undelivered mail
Message-ID: <3@b>

Could you be wrong?

From eve@e.example Mon Jan  5 12:00:00 2026
From: =?utf-8?q?=C3=88ve?= <eve@e.example>
Subject: Opening hours in January?
Message-ID: <4@e>
Date: Mon, 05 Jan 2026 12:00:00 +0000

Hi

--
Eve

From help@shop.example Mon Jan  5 13:00:00 2026
From: help@shop.example
Subject: AW: Opening hours in January?
Message-ID: <5@b>
Date: Mon, 05 Jan 2026 13:00:00 +0000
Content-Type: text/html; charset=utf-8

<html><head><style>p {}</style></head><body><p>Nine to five.</p><ul><li>Closed on
Sundays</li></ul><div class="gmail_quote">Eve wrote: hours?</div></body></html>
"""


def test_a_mailbox(tmp_path: Path) -> None:
    items = read(tmp_path, "mail.mbox", MBOX)
    assert kept(items) == [
        [
            "Hello,\n\nhow long does a refund take?\nFrom what I read it is five days.",
            "It takes five days. The café voucher comes at once.",
        ],
        ["Opening hours in January?\n\nHi", "Nine to five.\n\n- Closed on Sundays"],
    ]
    lines = MBOX.decode().split("\n")
    for item in items:
        assert lines[int(item.source.rpartition(":")[2]) - 1].startswith("From ")
    assert [reason for _, reason in reasons(items)] == ["bot message"]


def test_half_a_mailbox_and_headers_of_spam(tmp_path: Path) -> None:
    broken = b"From x\nFrom: \xff\xfe <a@b>\nSubject: =?x-none?q?a?=\nContent-Type: text/plain; "
    broken += b"charset=nonsense\n\nHow?\n\nFrom y\nSubject: cut"
    items = read(tmp_path, "mail.mbox", MBOX + b"\n" + broken)
    assert len(kept(items)) == 2
    assert len(reasons(items)) == 3


@pytest.mark.parametrize(
    ("name", "content", "wanted"),
    [
        ("a.txt", WHATSAPP_ANDROID, 2),
        ("a.csv", WHATSAPP_IOS, 1),
        ("a", IRC_LOG, 3),
        ("a.txt", MBOX, 2),
        ("a.jsonl", MESSENGER, 1),
        ("a.json", CSV_DIALOGUES, 2),
    ],
)
def test_the_content_decides_the_kind(
    tmp_path: Path, name: str, content: str | bytes, wanted: int
) -> None:
    assert len(kept(read(tmp_path, name, content))) == wanted
