"""Made-up secrets that pass the checks of real ones, and texts that only look like them.

No secret stands here as a whole: scanners of repositories would take it for a real one.
"""

import random
import string

_RANDOM = random.Random(8)
BASE62 = string.ascii_letters + string.digits
HEX = "0123456789abcdef"


def drawn(alphabet: str, count: int) -> str:
    """Characters that look random, the same in every run; one digit at least."""
    return "7" + "".join(_RANDOM.choices(alphabet, k=count - 1))


def with_luhn(digits: str) -> str:
    """The digits and the one that makes their Luhn sum a multiple of ten."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        total += sum(divmod(int(digit) * (2 - place % 2), 10))
    return digits + str(-total % 10)


def iban(country: str, account: str) -> str:
    """A country, two check digits, an account."""
    value = "".join(str(int(character, 36)) for character in f"{account}{country}00")
    return f"{country}{98 - int(value) % 97:02d}{account}"


def in_fours(text: str, separator: str = " ") -> str:
    """Written as cards show it."""
    return separator.join(text[start : start + 4] for start in range(0, len(text), 4))


def cards() -> list[str]:
    """Numbers of all usual issuers, together and in groups."""
    starts = {
        "4" + drawn("0123456789", 14): None,
        "4" + drawn("0123456789", 11): None,
        "53" + drawn("0123456789", 13): None,
        "2315" + drawn("0123456789", 11): None,
        "6011" + drawn("0123456789", 11): None,
        "3530" + drawn("0123456789", 11): None,
        "62" + drawn("0123456789", 13): None,
        "62" + drawn("0123456789", 16): None,
        "6759" + drawn("0123456789", 11): None,
        "2204" + drawn("0123456789", 11): None,
    }
    plain = [with_luhn(start) for start in starts]
    amex = with_luhn("37" + drawn("0123456789", 12))
    diners = with_luhn("36" + drawn("0123456789", 11))
    grouped = [in_fours(card, mark) for card in plain for mark in (" ", "-")]
    fives = [f"{amex[:4]} {amex[4:10]} {amex[10:]}", f"{diners[:4]}-{diners[4:10]}-{diners[10:]}"]
    return [*plain, amex, diners, *grouped, *fives]


def ibans() -> list[str]:
    """Accounts of several countries, together and in groups."""
    plain = [
        iban("DE", drawn("0123456789", 18)),
        iban("GB", "WEST" + drawn("0123456789", 14)),
        iban("FR", drawn("0123456789", 23)),
        iban("NL", "INGB" + drawn("0123456789", 10)),
        iban("ES", drawn("0123456789", 20)),
        iban("CH", drawn("0123456789", 17)),
        iban("NO", drawn("0123456789", 11)),
        iban("MT", "MALT" + drawn("0123456789", 5) + drawn("ABC0123456789", 18)),
        iban("PL", drawn("0123456789", 24)),
        iban("SA", drawn("0123456789", 20)),
    ]
    return [*plain, *(in_fours(one) for one in plain), plain[0].lower()]


def keys() -> list[str]:
    """Keys of providers, by their beginnings."""
    begin, end, name = "-----BEGIN ", "-----END ", "PRIVATE KEY-----"
    return [
        "sk-" + drawn(BASE62, 48),
        "sk-" + "proj-" + drawn(BASE62 + "_-", 60),
        "sk-" + "ant-api03-" + drawn(BASE62 + "_-", 80),
        "gh" + "p_" + drawn(BASE62, 36),
        "gh" + "s_" + drawn(BASE62, 36),
        "github" + "_pat_" + drawn(BASE62 + "_", 60),
        "gl" + "pat-" + drawn(BASE62, 20),
        "xo"
        + "xb-"
        + "-".join([drawn("0123456789", 12), drawn("0123456789", 12), drawn(BASE62, 24)]),
        "xo" + "xp-" + drawn("0123456789", 12) + "-" + drawn(BASE62, 32),
        "AK" + "IA" + drawn("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16),
        "AS" + "IA" + drawn("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16),
        "h" + "f_" + drawn(string.ascii_letters, 34),
        "sk" + "_live_" + drawn(BASE62, 24),
        "AI" + "za" + drawn(BASE62 + "_-", 35),
        "SG" + "." + drawn(BASE62, 22) + "." + drawn(BASE62, 43),
        "np" + "m_" + drawn(BASE62, 36),
        "py" + "pi-" + drawn(BASE62, 80),
        "dop" + "_v1_" + drawn(HEX, 64),
        "shp" + "at_" + drawn(HEX, 32),
        "gs" + "k_" + drawn(BASE62, 52),
        "ey" + "J" + drawn(BASE62, 33) + ".ey" + "J" + drawn(BASE62, 60) + "." + drawn(BASE62, 43),
        "\n".join([f"{begin}RSA {name}", *(drawn(BASE62, 64) for _ in "ab"), f"{end}RSA {name}"]),
        "\n".join([f"{begin}{name}", drawn(BASE62, 64), f"{end}{name}"]),
        drawn("0123456789", 9) + ":" + drawn(BASE62, 35),
    ]


def logins() -> list[tuple[str, str]]:
    """Sentences that give a secret away, and the secret."""
    return [
        ("password: hunter2", "hunter2"),
        ("Password: swordfish", "swordfish"),
        ("pwd=s3cret!", "s3cret!"),
        ("passwd = correcthorse", "correcthorse"),
        ('{"password": "open sesame 1"}', "open sesame 1"),
        ("DB_PASSWORD=Tr0ub4dor&3", "Tr0ub4dor&3"),
        ("my password is Tr0ub4dor", "Tr0ub4dor"),
        ("**Password:** Winter2024!", "Winter2024!"),
        ("Das Passwort: geheim99", "geheim99"),
        ("密码：abc12345", "abc12345"),
        ("postgres://alice:s3cr3t@db.intern:5432/main", "alice:s3cr3t"),
        ("https://bot:pa55@git.example.org/x.git", "bot:pa55"),
        ("api_key = 'a1b2c3d4e5f6a7b8'", "a1b2c3d4e5f6a7b8"),
        ("aws_secret_access_key=wJalrXUtnFEMI7K7MDENGbPxRfiCYzzzzzzzzKEY", "wJalrXUtnFEMI7K7MDENG"),
        ("client_secret: 9f8e7d6c5b4a39281706", "9f8e7d6c5b4a39281706"),
        ("Authorization: Bearer 0123456789abcdef0123", "0123456789abcdef0123"),
        ("PIN: 4711", "4711"),
    ]


MAILS = [
    "ada@example.org",
    "grace.hopper@navy.example.com",
    "linus+kernel@mail.example.co.uk",
    "O'Brien@example.ie",
    "info@büro.example.de",
    "X_Y-Z99@sub.sub2.example.museum",
    "1234@example.net",
    "ada [at] example [dot] org",
    "ada(at)example.org",
]

# By country: as people write numbers there, with the country's code and without.
PHONES = {
    "US": ["+1 415-555-2671", "(415) 555-2671", "415-555-2671", "415.555.2671", "+14155552671"],
    "GB": ["+44 20 7946 0958", "020 7946 0958", "07700 900123", "+44 (0)20 7946 0958"],
    "DE": ["+49 30 12345678", "030 12345678", "030/12345678", "(030) 123 456 78", "0171-1234567"],
    "FR": ["+33 1 42 68 53 00", "01 42 68 53 00", "06.12.34.56.78", "0612345678"],
    "ES": ["+34 612 34 56 78", "612 34 56 78", "91 123 45 67"],
    "IT": ["+39 06 6982 1234", "06 69821234", "339 123 4567"],
    "NL": ["+31 20 123 4567", "020-1234567", "06-12345678"],
    "CH": ["+41 44 668 18 00", "044 668 18 00", "079 123 45 67"],
    "AU": ["+61 2 9374 4000", "(02) 9374 4000", "0412 345 678"],
    "IN": ["+91 98765 43210", "98765 43210", "022-2778 7777"],
    "CN": ["+86 138 0013 8000", "13800138000", "138-0013-8000", "010-62345678"],
    "JP": ["+81 3-1234-5678", "03-1234-5678", "090-1234-5678"],
    "BR": ["+55 11 91234-5678", "(11) 91234-5678"],
    "PL": ["+48 512 345 678", "512 345 678", "22 123 45 67"],
}

HARMLESS = [
    "The price is $1,234,567.89, before it was € 12 345 678.",
    "On 2024-10-12 10:22:33, and from 12.10.2024 to 14.10.2024, or 10/12/2024",
    "Version 1.2.3.4, v10.0.19041.1 and OpenSSL 1.1.1.1",
    "ISBN 978-3-16-148410-0, ISBN 0-306-40615-2, 9783161484100",
    "line 1234567, lines 1000-2000, faq.jsonl:1234567",
    "From 1939 - 1945 and 1914-1918, 1999/2000/2001",
    "Pi is 3.14159265358979, a third 0.3333333333333333",
    "order 4155552671, ticket #12345678, order no. 415-555-2671",
    "5125-8096=-2971 and 10 + 20 + 30 = 60",
    "1 000 000 people, 12 345 678 inhabitants, 1.000.000 Euro",
    "2 3 5 7 11 13 17 19, 1, 2, 3, 4, 5, 6, 7, 4 8 15 16 23 42",
    "at 52.520008, 13.404954; commit 1234567890abcdef; 0x1234567890",
    "1700000000 seconds, 1767600000.000100, 1767600000000 ms",
    "127.0.0.1, 0.0.0.0:8000, 255.255.255.0, ::1 and std::vector",
    "aa:bb:cc:dd:ee:ff at 12:30:45",
    "the @Override annotation, ```\n@app.route\ndef x(): ...```, @media print {, @everyone",
    "icon@2x.png, git@github.com:org/repo.git",
    "sk-learn-classification-tutorial-long",
    "Password: required. The password is case-sensitive. Passwords must be long.",
    "max_tokens: 1024, token: a piece of a word, the secret: patience",
    'api_key=os.environ["KEY1234567"], password = input("x"), def f(password: str)',
    "score 21-19 21-17",
    "4111 1111 1111 1112 fails its checksum, and so does DE89 3704 0044 0532 0130 01",
]
