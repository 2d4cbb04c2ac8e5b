"""Train Zero-DCE: `python -m zero_dce_keras.fit`."""

import argparse
import contextlib
import dataclasses
import sys
import time
import types
import typing

from zero_dce_keras import cli
from zero_dce_keras.errors import one_line
from zero_dce_keras.losses.table import WEIGHTED_LOSSES

# The fields of a recipe as the help shows them, what most runs need first.
GROUPS = {
    "the run, in place of what the recipe says": (
        *("epochs", "batch_size", "learning_rate", "image_size", "train_images"),
        *("validation_images", "seed"),
    ),
    "the photographs": (
        *("crop", "whole_epochs", "flip", "rotate", "mixup", "augment_exposure"),
        *("augment_gamma", "augment_white_balance", "augment_noise"),
    ),
    "the optimizer": (
        *("cosine_decay", "plateau_epochs", "ema", "global_clipnorm", "l2"),
        *("weight_decay", "drop_remainder", "monitor"),
    ),
    "what is shown and kept on the way": (
        *("val_batch_size", "snapshot_every", "display_every"),
    ),
    "Zero-DCE and what is like it": (
        *("num_iterations", "filters", "num_layers", "initial_stddev"),
        *("normalize_exposure", "leave_well_exposed", "denoising_filter", "teacher"),
    ),
    "its losses, without references": (
        *("loss_form", "well_exposedness", "exposure_patch_size", "extra_losses"),
        *(loss.weight_field for loss in WEIGHTED_LOSSES),
    ),
    "Zero-DCE++": ("scale_factor", "resampling"),
    "BilateralDCE": (
        *("reference_weight", "order_weight", "node_smoothness_weight"),
        *("ratio_share", "window", "permute_channels"),
    ),
    "MIRNet": (
        *("num_rrg", "num_mrb", "channels", "block", "stride", "global_view"),
        *("ssim_weight", "gt_mean_weight"),
    ),
}


def build_parser():
    """Make the parser of the options below, and of one for every field of a recipe."""
    from zero_dce_keras.training.recipe import Recipe
    from zero_dce_keras.training.recipes import DEFAULT_RECIPES, RECIPES

    width = max(map(len, RECIPES))
    cards = "\n".join(
        f"  {name:{width}} {str(recipe.__doc__).splitlines()[0]}"
        for name, recipe in RECIPES.items()
    )
    parser = cli.parser(
        "fit",
        f"Train Zero-DCE without references, or MIRNet on pairs.\n\nrecipes:\n{cards}",
        cli.data_options(),
        cli.weights_option(None, " to start from (default: new weights)"),
        cli.device_option(),
    )
    parser.usage = "%(prog)s [--recipe NAME] [--data-dir DIR] [option …]"
    parser.add_argument("--recipe", choices=RECIPES, metavar="NAME", help="see above")
    parser.add_argument(
        "--model",
        choices=DEFAULT_RECIPES,
        metavar="NAME",
        help=f"what to train, by its own default recipe: {', '.join(DEFAULT_RECIPES)} "
        "(default: what the recipe trains)",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="RUN_DIR",
        help="directory of the run, without another run in it (default: a new one, "
        "runs/RECIPE-DATE-TIME)",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with the run in --output after its last whole epoch, by the options "
        "that it was started with; where there is none, start one",
    )
    parser.add_argument(
        "--mixed-precision", action="store_true", help="compute the network in bfloat16"
    )
    fields = {field.name: field for field in dataclasses.fields(Recipe)}
    for title, names in GROUPS.items():
        group = parser.add_argument_group(title)
        for name in names:
            _add_field(group, fields[name])
    return parser


def main(argv=None):
    """Run the command; return its exit code."""
    parser = build_parser()
    args = parser.parse_args(argv)
    if args.resume:
        args = resume_arguments(parser, args, argv)
    from zero_dce_keras.training.recipe import Recipe
    from zero_dce_keras.training.recipes import DEFAULT_RECIPES, RECIPES

    names = {field.name for field in dataclasses.fields(Recipe)} - {"model"}
    changes = {name: value for name, value in vars(args).items() if name in names}
    name = args.recipe or DEFAULT_RECIPES[args.model or "zero_dce"]
    recipe = RECIPES[name]().replace(**changes)
    if args.model not in (None, recipe.model):
        parser.error(f"--recipe {name} trains {recipe.model}, not --model {args.model}")
    try:
        recipe.check()
    except ValueError as error:
        parser.error(one_line(error))
    cli.check_data_options(parser, args)
    output = args.output or f"runs/{name}-{time.strftime('%Y%m%d-%H%M%S')}"
    cli.start_backend(args.device)
    from zero_dce_keras.training import train

    with contextlib.redirect_stdout(sys.stderr):  # Keras' progress bar
        _, history = train(
            recipe,
            args.dataset,
            args.data_dir,
            output,
            args.weights,
            args.mixed_precision,
            resume=args.resume,
        )
    print(output)
    return 0 if len(history.epoch) == recipe.epochs else 130  # after Ctrl-C


def resume_arguments(parser, args, argv):
    """Parse the options again, with those of the run in `--output` as the defaults."""
    from zero_dce_keras.training.run_config import read_config

    if args.output is None:
        parser.error("--resume needs --output, the directory of the run")
    config = read_config(args.output)
    if config is None:
        print(f"no run in {args.output}: starting one", file=sys.stderr)
        return args
    defaults = {name: config.get(name) for name in ("dataset", "data_dir", "weights")}
    defaults["mixed_precision"] = config.get("mixed_precision", False)
    if args.recipe is None:  # one that is named is compared with the run's, as a whole
        defaults |= dataclasses.asdict(config["recipe"])
    parser.set_defaults(**defaults)
    return parser.parse_args(argv)


def _add_field(group, field):
    """Add the option of a recipe's field."""
    option = "--" + field.name.replace("_", "-")
    kind = field.type
    may_be_none = isinstance(kind, types.UnionType)  # float | None
    if may_be_none:
        kind = typing.get_args(kind)[0]
    if kind is bool:
        details = {"action": argparse.BooleanOptionalAction}
    elif "choices" in field.metadata:
        details = {"choices": field.metadata["choices"]}
    else:
        parse = field.metadata.get("parse", kind)
        convert = _or_none(parse) if may_be_none else parse
        metavar = field.metadata.get("metavar", kind.__name__.upper())
        details = {"type": convert, "metavar": metavar}
    end = ", or none" if may_be_none else ""
    group.add_argument(
        option, default=argparse.SUPPRESS, help=field.metadata["help"] + end, **details
    )


def _or_none(kind):
    """Make an argparse type of what is `none` or of a kind."""

    def convert(text):
        return None if text == "none" else kind(text)

    convert.__name__ = kind.__name__  # argparse's messages show it
    return convert


if __name__ == "__main__":
    sys.exit(cli.run(main))
