"""An error's text in one line, and the checks that several arguments share."""


def one_line(error):
    r"""Return the text of an error in one line.

    Args:
        error: exception.

    Returns:
        str: "file: reason" for an `OSError` that names both, the message otherwise, the
        name of the type where there is no message.

    Example:
        >>> one_line(ValueError("two\n  lines"))
        'two lines'
        >>> one_line(FileNotFoundError(2, "No such file or directory", "dark.jpg"))
        'dark.jpg: No such file or directory'
        >>> one_line(MemoryError())
        'MemoryError'
    """
    if isinstance(error, OSError) and error.strerror and error.filename:
        text = f"{error.filename}: {error.strerror}"
    else:
        text = str(error)
    return " ".join(text.split()) or type(error).__name__


def check_not_negative(name, value):
    """Raise a `ValueError` for a number that is negative, infinite or NaN.

    Args:
        name: str, of the argument.
        value: number.

    Raises:
        ValueError: the value is out of range.

    Example:
        >>> check_not_negative("noise", 0.0)
        >>> check_not_negative("noise", float("nan"))
        Traceback (most recent call last):
        ValueError: noise must be finite and not negative. Received: nan
    """
    if not 0 <= value < float("inf"):  # NaN is neither
        raise ValueError(f"{name} must be finite and not negative. Received: {value}")


def check_positive(name, value):
    """Raise a `ValueError` for a number that is not above 0, infinite or NaN.

    Args:
        name: str, of the argument.
        value: number.

    Raises:
        ValueError: the value is out of range.

    Example:
        >>> check_positive("epsilon", 1e-3)
        >>> check_positive("epsilon", 0)
        Traceback (most recent call last):
        ValueError: epsilon must be positive. Received: 0
    """
    if not 0 < value < float("inf"):  # NaN is neither
        raise ValueError(f"{name} must be positive. Received: {value}")


def check_choice(name, value, choices):
    """Raise a `ValueError` for a value that is not among the choices.

    Args:
        name: str, of the argument.
        value: what was given.
        choices: tuple of what may be given.

    Raises:
        ValueError: the value is not among them.

    Example:
        >>> check_choice("block", "residual", ("multi_scale", "residual"))
        >>> check_choice("block", "dense", ("multi_scale", "residual"))
        Traceback (most recent call last):
        ValueError: block must be one of ('multi_scale', 'residual'). Received: 'dense'
    """
    if value not in choices:
        raise ValueError(f"{name} must be one of {choices}. Received: {value!r}")
