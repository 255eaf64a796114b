"""Exports of chats and mail come in; threads of turns, each with its place, go out.

A post is one message; who answers whom is read from threads, names, times and words.
"""
