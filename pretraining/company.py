"""The shop's tables -> its material in raw form, as importers meet it.

`write_company` writes an FAQ in Markdown, a folder as Slack exports it, a table of tickets as
CSV and a README, all consistent with the corpus.
"""

import csv
import io
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pretraining.facts import COMPANY, read_table, read_yaml_table
from pretraining.wordings import free_text
from tunesmith.files import write_json, write_text

_FIRST_DAY = 1_767_600_000  # 5 January 2026, 08:00 UTC
_DAYS = ("2026-01-05", "2026-01-06", "2026-01-07")
_SECONDS_A_DAY = 86_400
_NUM_TICKETS = 60
_REPLIES = {
    "billing": "We have checked your account, and the amount will be corrected within five days.",
    "shipping": "We have asked the courier, and your parcel will arrive within three working days.",
    "returns": "You may return an article within 60 days, and it costs nothing.",
    "repairs": "Every article has a warranty of two years, so we mend it free of charge.",
    "website": "We have reset your access. Please open the page again and log in.",
    "jobs": "Thank you for your interest. We will answer your application within two weeks.",
}


def write_company(folder: Path, *, seed: int = 0) -> None:
    """Write all files below `folder`."""
    rng = random.Random(f"company {seed}")
    write_text(folder / "FAQ.md", _faq())
    write_text(folder / "README.md", _readme())
    write_text(folder / "tickets.csv", _tickets(rng))
    for name, value in _slack(rng):
        write_json(folder / "slack-export" / name, value)


def _faq() -> str:
    blocks = [f"# {COMPANY}: frequently asked questions"]
    for policy in read_yaml_table("policies").values():
        blocks.append(f"## {policy['seen'][0]}")
        blocks.append(" ".join((policy["sentence"], policy["says"][0])))
    return "\n\n".join(blocks) + "\n"


def _readme() -> str:
    rows = [f"| {row['product']} | {row['price']} dollars |" for row in read_table("products")]
    departments = [
        f"- **{name}**: {record['task']}. Led by {record['lead']}."
        for name, record in read_yaml_table("departments").items()
    ]
    policies = read_yaml_table("policies")
    parts = (
        f"# {COMPANY}",
        f"{policies['founding']['sentence']} {policies['founder']['sentence']} "
        f"{policies['place']['sentence']} {policies['staff']['sentence']}",
        "## Departments",
        "\n".join(departments),
        "## Products",
        "\n".join(["| product | price |", "| --- | --- |", *rows]),
    )
    return "\n\n".join(parts) + "\n"


def _tickets(rng: random.Random) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("ticket", "customer", "department", "question", "response"))
    departments = read_yaml_table("departments")
    for number in range(1, _NUM_TICKETS + 1):
        name = rng.choice(sorted(departments))
        product = rng.choice(read_table("products"))["product"]
        question = rng.choice(departments[name]["messages"]).format(product=product)
        customer = rng.choice(free_text()["first_names"])
        writer.writerow((f"Q-{number:04}", customer, name, question, _REPLIES[name]))
    return stream.getvalue()


def _slack(rng: random.Random) -> Iterator[tuple[str, Any]]:
    names = free_text()["first_names"][:6]
    users = [
        {"id": f"U{number:04}", "name": name.lower(), "profile": {"real_name": name}}
        for number, name in enumerate(names, start=1)
    ]
    ids = [user["id"] for user in users]
    channels = ("help-desk", "shop-floor")
    yield "users.json", users
    yield (
        "channels.json",
        [{"id": f"C{n:04}", "name": name, "members": ids} for n, name in enumerate(channels, 1)],
    )
    policies = list(read_yaml_table("policies").values())
    rng.shuffle(policies)
    for place, policy_group in enumerate(zip(*[iter(policies)] * 4, strict=False)):
        channel, day = channels[place % 2], place // 2 % len(_DAYS)
        yield f"{channel}/{_DAYS[day]}.json", _slack_day(rng, ids, policy_group, day)


def _slack_day(
    rng: random.Random, ids: list[str], policies: tuple[Any, ...], day: int
) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    seconds = _FIRST_DAY + day * _SECONDS_A_DAY
    for policy in policies:
        asker, teller = rng.sample(ids, 2)
        seconds += rng.randint(60, 3600)
        start = f"{seconds}.000100"
        reply = f"{seconds + 45}.000200"
        question = {"type": "message", "user": asker, "text": rng.choice(policy["seen"])}
        answer = {"type": "message", "user": teller, "text": policy["sentence"]}
        messages.append({**question, "ts": start, "thread_ts": start, "reply_count": 1})
        messages.append({**answer, "ts": reply, "thread_ts": start, "parent_user_id": asker})
    return messages
