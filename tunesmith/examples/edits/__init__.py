"""A person's changes to pairs (`edits.jsonl`) and pairs come in; changed pairs go out.

Also what was left out by hand, and every change that no longer fits, each by its line.
"""
