"""Parameters made from a slot's `inputs`, and how the plugin answers each (ABI.md section 4).

`points` are the values where readers break, `cases` the calls made of them, `asking` what the
plugin did, `shrink` the smallest call that does the same, `written` that call as Python.
"""
