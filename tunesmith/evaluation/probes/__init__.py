"""A base model and the one tuned from it -> what it forgot: probes, skills, texts, figures.

A probe is a beginning with a right continuation and wrong ones; a figure is what is compared.
"""
