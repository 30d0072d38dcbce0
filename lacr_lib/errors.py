"""The one error this library raises for bad input: one line, what is wrong and what to do."""


class LacrError(ValueError):
    """Bad input, configuration or file; its message is one line fit to show to a user."""
