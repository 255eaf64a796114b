"""Text -> the same with keys, tokens and login data replaced by `[secret]`.

Known by the fixed beginnings that providers give their keys (the lists of gitleaks and
detect-secrets were read for them), and by forms that can hold nothing else: private key
blocks, JSON web tokens, logins in URLs. Values behind "password:" are in `labelled.py`.
"""

import re

from tunesmith.examples.redaction.labelled import hide_labelled
from tunesmith.examples.redaction.replacing import Hidden, replace

MARK = "[secret]"

_PREFIXED = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"sk-[A-Za-z0-9_-]{16,}"  # OpenAI, Anthropic and those that copy them
    r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}"
    r"|gl(?:pat|dt|rt|soat|ft|imt|agent|oas|cbt|ptt)-[\w-]{16,}"
    r"|xox[a-z]-[\w-]{10,}|xapp-[\w-]{10,}"
    r"|(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA|AGPA|ANPA)[A-Z0-9]{16}"
    r"|hf_[A-Za-z0-9]{20,}|api_org_[A-Za-z0-9]{20,}"
    r"|(?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,}"
    r"|AIza[\w-]{35}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}"
    r"|SG\.[\w-]{16,}\.[\w-]{16,}"
    r"|npm_[A-Za-z0-9]{30,}|pypi-[\w-]{50,}|dckr_pat_[\w-]{20,}|do[opr]_v1_[a-f0-9]{40,}"
    r"|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}|sq0[a-z]{3}-[\w-]{22,}"
    r"|LTAI[A-Za-z0-9]{16,}|nvapi-[\w-]{40,}|gsk_[A-Za-z0-9]{30,}|r8_[A-Za-z0-9]{30,}"
    r"|(?:AC|SK)[0-9a-f]{32}(?![0-9a-f])"
    r"|\d{8,10}:[A-Za-z0-9_-]{35}(?![\w-])"  # Telegram
    r"|[MNO][A-Za-z0-9_-]{23,27}\.[\w-]{6}\.[\w-]{27,}"  # Discord
    r"|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"  # JSON web token
    r"|AGE-SECRET-KEY-1[A-Z0-9]{50,}"
    r")"
)
# A text without a long word holds no key; this is found without ever going back.
_LONG_WORD = re.compile(r"(?:[!-~]{0,15}+[^!-~]+)*+[!-~]{16}")
_WORDS = re.compile(
    r"[a-z._-]+"
)  # "sk-learn-is-a-library" is no key: those hold digits or capitals
_BLOCK = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]*KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)
_URL_SECRETS = (
    (re.compile(r"(?<=://)[^\s/@:\"'<>]{0,256}:[^\s/\"'<>]{1,256}(?=@[^\s@])"), MARK),
    (re.compile(r"(hooks\.slack\.com/services/)[\w/]{20,}"), rf"\1{MARK}"),
    (re.compile(r"(discord(?:app)?\.com/api/webhooks/)\d+/[\w-]{20,}"), rf"\1{MARK}"),
    (
        re.compile(
            r"([?&](?:X-Amz-Signature|X-Amz-Credential|sig|signature|access_token|api_?key"
            r"|token)=)[\w%.~+/-]{16,}",
            re.IGNORECASE,
        ),
        rf"\1{MARK}",
    ),
)
_BEARER = re.compile(r"\b((?:Bearer|Basic|Token)\s+)([\w.~+/=-]{16,})", re.IGNORECASE)


def hide_secrets(text: str) -> Hidden:
    """Replace what gives access to something; returns the text and how many were replaced."""
    total = 0
    if "://" in text:
        for pattern, mark in _URL_SECRETS:
            text, count = pattern.subn(mark, text)
            total += count
    if "-----BEGIN" in text:
        text, count = _BLOCK.subn(MARK, text)
        total += count
    if _LONG_WORD.match(text):
        text, count = replace(_PREFIXED, text, _prefixed)
        total += count
    lower = text.lower()
    if "bearer" in lower or "basic" in lower or "token" in lower:
        text, count = replace(_BEARER, text, _bearer)
        total += count
    text, count = hide_labelled(text, lower, mark=MARK)
    return text, total + count


def _prefixed(match: re.Match[str]) -> str | None:
    return None if _WORDS.fullmatch(match[0]) else MARK


def _bearer(match: re.Match[str]) -> str | None:
    value = match[2]
    has_digit = any(character.isdigit() for character in value)
    return f"{match[1]}{MARK}" if has_digit or not value.islower() else None
