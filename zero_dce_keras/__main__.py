"""`zero-dce VERB` and `python -m zero_dce_keras VERB`: the commands."""

import importlib
import sys

from zero_dce_keras import cli
from zero_dce_keras.errors import did_you_mean
from zero_dce_keras.version import __version__

VERBS = (
    "fit",
    "enhance",
    "app",
    "evaluate",
    "benchmark",
    "ablate",
    "export",
    "serve",
    "bulk",
)


def main(argv=None):
    """Run the command that the first argument names; return its exit code."""
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] in (["-h"], ["--help"]):
        print(_usage())
        return 0
    if argv[:1] == ["--version"]:
        print(f"zero_dce_keras {__version__}")
        return 0
    if not argv or argv[0].startswith("-"):
        print(_usage(), file=sys.stderr)
        return 2
    if argv[0] not in VERBS:
        question = did_you_mean(argv[0], VERBS)
        print(
            f"error: no command is named {argv[0]!r}.{question} "
            f"There are: {', '.join(VERBS)}",
            file=sys.stderr,
        )
        return 2
    command = importlib.import_module(f"zero_dce_keras.{argv[0]}")
    return cli.run(command.main, argv[1:])


def _usage():
    lines = ["usage: zero-dce VERB [options], or python -m zero_dce_keras VERB", ""]
    for verb in VERBS:
        summary = importlib.import_module(f"zero_dce_keras.{verb}").__doc__
        lines.append(f"  {verb:10} {str(summary).splitlines()[0]}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
