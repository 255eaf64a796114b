"""Answers beside questions and references -> can they be used, and if not, what is wrong with them.

A *sign* is what makes one answer unusable, told without any judge; a *rule* turns rates into words.
"""
