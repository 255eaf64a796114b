"""A recipe's sources come in; the files of each split and their token stores go out."""
