"""Why a request is not answered: one error, for gRPC and for REST."""

import re

import grpc

# As TensorFlow Serving translates them; all others are 500.
HTTP_STATUS = {
    "CANCELLED": 499,
    "DEADLINE_EXCEEDED": 504,
    "FAILED_PRECONDITION": 400,
    "INVALID_ARGUMENT": 400,
    "NOT_FOUND": 404,
    "OUT_OF_RANGE": 400,
    "RESOURCE_EXHAUSTED": 429,
    "UNAVAILABLE": 503,
    "UNIMPLEMENTED": 501,
}
_NAMES = {code.value[0]: code.name for code in grpc.StatusCode}
# TensorFlow wraps the message of an operation in the place where it stands in the graph.
_BEFORE = re.compile(r".*(?:<stack traces unavailable>\n|\n\n)", re.DOTALL)
_BEHIND = re.compile(r"\n\t \[\[.*", re.DOTALL)


class Refusal(Exception):
    """A request that is not answered.

    Args:
        code: str, name of gRPC's status code.
        message: str, for the client.
        http_status: int; by default the one that belongs to `code`.
    """

    def __init__(self, code, message, http_status=None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.http_status = http_status or HTTP_STATUS.get(code, 500)

    @classmethod
    def of_tensorflow(cls, error):
        r"""Return what a `tf.errors.OpError` tells the client.

        Example:
            >>> place = "Graph execution error:\n\nDetected\n<stack traces unavailable>\n"
            >>> message = place + "assertion failed: [too dark]\n\t [[{{node map}}]]"
            >>> error = type("OpError", (), {"message": message, "error_code": 3})
            >>> Refusal.of_tensorflow(error)
            Refusal('too dark')
        """
        message = _BEFORE.sub("", _BEHIND.sub("", error.message)).strip()
        message = re.sub(r"^assertion failed: \[(.*)\]$", r"\1", message)
        return cls(_NAMES.get(error.error_code, "INTERNAL"), message)


def invalid(message):
    """Return a refusal of what a client sent."""
    return Refusal("INVALID_ARGUMENT", message)
