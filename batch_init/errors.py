"""What can be wrong with a column of a table."""


class BadColumnError(ValueError):
    """A column that is not there, or that is no number: the message says which, and what to do."""
