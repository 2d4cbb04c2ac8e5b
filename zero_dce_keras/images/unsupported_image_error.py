"""The error of an image that is whole, but of a kind that is not supported."""


class UnsupportedImageError(ValueError):
    """An image that is whole, but of a kind that is not supported.

    Its text ends the line in which `readable` names the file.
    """
