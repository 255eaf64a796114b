"""Seed tasks, documents or weak pairs, and a model that is asked -> new pairs, each with its proof.

A teacher writes; a candidate is what it wrote; an acceptance says how many of them stayed, and why.
"""
