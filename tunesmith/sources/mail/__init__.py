"""Mailboxes and single mails come in; threads of what their authors wrote themselves go out.

What is quoted, signed or attached goes out too, by name. Words by language: `words.yaml`.
"""
