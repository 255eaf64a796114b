"""A run -> its model in a form that others run, read back and compared before it is called so."""
