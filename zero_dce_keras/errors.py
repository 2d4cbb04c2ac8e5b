"""An error's text in one line, and the checks that several arguments share."""

import difflib


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


def first_line(error):
    r"""Return the first line of an error's text: Keras lists whole arrays below it.

    Example:
        >>> first_line(ValueError("shapes differ\n[[0. 1.] …"))
        'shapes differ'
    """
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__


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
        ValueError: epsilon must be finite and positive. Received: 0
    """
    if not 0 < value < float("inf"):  # NaN is neither
        raise ValueError(f"{name} must be finite and positive. Received: {value}")


def check_fraction(name, value):
    """Raise a `ValueError` for a number that is not in [0, 1].

    Args:
        name: str, of the argument.
        value: number.

    Raises:
        ValueError: the value is out of range.

    Example:
        >>> check_fraction("strength", 0.5)
        >>> check_fraction("strength", 2)
        Traceback (most recent call last):
        ValueError: strength must be in [0, 1]. Received: 2
    """
    if not 0 <= value <= 1:  # NaN is not either
        raise ValueError(f"{name} must be in [0, 1]. Received: {value}")


def check_odd(name, value):
    """Raise a `ValueError` for a number that is not odd, or not positive.

    Args:
        name: str, of the argument.
        value: number.

    Raises:
        ValueError: the value is out of range.

    Example:
        >>> check_odd("num_layers", 7)
        >>> check_odd("num_layers", 4)
        Traceback (most recent call last):
        ValueError: num_layers must be odd and positive. Received: 4
    """
    if not (value > 0 and value % 2 == 1):
        raise ValueError(f"{name} must be odd and positive. Received: {value}")


def did_you_mean(word, known):
    """Return a question that names what a misspelt word may stand for, or "".

    Args:
        word: str, as it was written.
        known: iterable of str.

    Example:
        >>> did_you_mean("enhnce", ("fit", "enhance"))
        ' Did you mean enhance?'
        >>> did_you_mean("xyz", ("fit", "enhance"))
        ''
    """
    close = difflib.get_close_matches(word, known, n=1)
    return f" Did you mean {close[0]}?" if close else ""


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
