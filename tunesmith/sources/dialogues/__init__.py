"""Dialogues in tables, JSON and transcripts -> threads.

Turns are found by what they look like (`dialogue_lists`, `turn_fields`, `transcripts`) and read as
what was said (`said`); words that tell speakers and columns apart are in `words.yaml`.
"""
