"""Files and Hub data sets come in; rows with the place they came from go out."""
