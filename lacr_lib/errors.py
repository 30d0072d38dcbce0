"""The one error this library raises for bad input: one line, what is wrong and what to do."""


class LacrError(ValueError):
    """Bad input, configuration or file; its message is one line fit to show to a user."""


def first_line(error: BaseException) -> str:
    """The first line of an error's message, or its type where it has none."""
    text = str(error).strip().splitlines()
    return text[0] if text else type(error).__name__
