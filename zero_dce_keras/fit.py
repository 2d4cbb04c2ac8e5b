"""Train Zero-DCE: `python -m zero_dce_keras.fit`."""

import argparse
import contextlib
import dataclasses
import sys
import time
import types
import typing
from pathlib import Path

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
        cli.device_option(several=True),
    )
    parser.usage = "%(prog)s [--recipe NAME] [--data-dir DIR] [option …]"
    parser.add_argument("--recipe", choices=RECIPES, metavar="NAME", help="see above")
    parser.add_argument(
        "--config",
        metavar="FILE",
        help="repeat the run of this config.json",
    )
    parser.add_argument(
        "--model",
        choices=DEFAULT_RECIPES,
        metavar="NAME",
        help=f"what to train, by its first recipe: {', '.join(DEFAULT_RECIPES)}",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        help="directory of the run, without another run in it (default: a new one, "
        "runs/RECIPE-DATE-TIME)",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with the run in --output after its last whole epoch, by its own "
        "options; where there is none, start one",
    )
    parser.add_argument(
        "--mixed-precision", action="store_true", help="compute the network in bfloat16"
    )
    add_recipe_options(parser)
    return parser


def add_recipe_options(parser):
    """Add the option of every field of a recipe, in groups."""
    from zero_dce_keras.training.recipe import Recipe

    fields = {field.name: field for field in dataclasses.fields(Recipe)}
    for title, names in GROUPS.items():
        group = parser.add_argument_group(title)
        for name in names:
            _add_field(group, fields[name])


def main(argv=None):
    """Run the command; return its exit code."""
    parser = build_parser()
    args = parser.parse_args(argv)
    if args.config is not None:
        args = repeat_arguments(parser, args, argv)
    elif args.resume:
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
    from zero_dce_keras.training.distribution import all_devices

    devices = all_devices() if args.device == "all" else contextlib.nullcontext()
    with devices, contextlib.redirect_stdout(sys.stderr):  # Keras' progress bar
        _, history = train(
            recipe,
            args.dataset,
            args.data_dir,
            output,
            args.weights,
            args.mixed_precision,
            resume=args.resume,
            fold=getattr(args, "fold", None),
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
    # A recipe that is named is compared with the run's, as a whole.
    return _with_defaults(parser, argv, config, with_recipe=args.recipe is None)


def repeat_arguments(parser, args, argv):
    """Parse the options again, with those of the run of `--config` as the defaults."""
    from zero_dce_keras.training.run_config import CONFIG_FILE, read_config

    path = Path(args.config)
    if path.name != CONFIG_FILE and not path.is_dir():
        parser.error(f"--config must be the {CONFIG_FILE} of a run: {args.config}")
    if args.resume or args.recipe is not None:
        parser.error("--config is a run of its own: without --resume and --recipe")
    run_dir = path if path.is_dir() else path.parent
    config = read_config(run_dir)
    if config is None:
        raise FileNotFoundError(f"{run_dir / CONFIG_FILE}: no such file")
    return _with_defaults(parser, argv, config)


def _with_defaults(parser, argv, config, with_recipe=True):
    """Parse the options again, with those of a run's configuration as the defaults."""
    names = ("dataset", "data_dir", "weights", "fold")
    defaults = {name: config.get(name) for name in names}
    defaults["mixed_precision"] = config.get("mixed_precision", False)
    if with_recipe:
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
