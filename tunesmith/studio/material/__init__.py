"""A recipe's folder and what a person looks at come in; pairs beside their sources go out.

Also files that are dropped into the folder, by names that replace nothing.
"""
