"""Train Zero-DCE: `python -m zero_dce_keras.fit`."""

import contextlib
import dataclasses
import sys
import types
import typing

from zero_dce_keras import cli


def build_parser():
    """The command's options: those below, and one for every field of a recipe."""
    from zero_dce_keras.training.recipe import Recipe
    from zero_dce_keras.training.recipes import RECIPES

    cards = "\n".join(
        f"  {name:12} {recipe.__doc__.splitlines()[0]}"
        for name, recipe in RECIPES.items()
    )
    parser = cli.parser(
        "fit",
        f"Train Zero-DCE without references.\n\nrecipes:\n{cards}",
        cli.data_options(),
        cli.weights_option(None, " to start from (default: new weights)"),
    )
    parser.add_argument("--recipe", choices=RECIPES, default="default")
    parser.add_argument("--output", metavar="RUN_DIR", default="runs/latest")
    parser.add_argument(
        "--mixed-precision", action="store_true", help="compute DCE-Net in bfloat16"
    )
    group = parser.add_argument_group("in place of what the recipe says")
    for field in dataclasses.fields(Recipe):
        _add_field(group, field)
    return parser


def main(argv=None):
    args = build_parser().parse_args(argv)
    cli.start_backend()
    from zero_dce_keras.training import RECIPES, Recipe, train

    changes = {
        field.name: getattr(args, field.name)
        for field in dataclasses.fields(Recipe)
        if getattr(args, field.name) is not None
    }
    recipe = RECIPES[args.recipe]().replace(**changes)
    with contextlib.redirect_stdout(sys.stderr):  # Keras' progress bar
        train(
            recipe,
            args.dataset,
            args.data_dir,
            args.output,
            args.weights,
            args.mixed_precision,
        )
    print(args.output)
    return 0


def _add_field(group, field):
    option = "--" + field.name.replace("_", "-")
    kind = field.type
    if isinstance(kind, types.UnionType):  # float | None
        kind = typing.get_args(kind)[0]
    if kind is bool:
        group.add_argument(
            option, action="store_const", const=True, help=field.metadata["help"]
        )
        return
    group.add_argument(
        option,
        type=kind,
        choices=field.metadata.get("choices"),
        metavar=None if "choices" in field.metadata else kind.__name__.upper(),
        help=field.metadata["help"],
    )


if __name__ == "__main__":
    sys.exit(cli.run(main))
