"""Train a grid of recipes, or search for one, and report what each is worth."""

import argparse
import contextlib
import dataclasses
import io
import shlex
import sys

from zero_dce_keras import cli
from zero_dce_keras.errors import did_you_mean, one_line
from zero_dce_keras.experiments.grids import GRIDS, Variant, vary
from zero_dce_keras.fit import add_recipe_options

# All cells are scored on the same images.
NOT_VARIED = {"model", "extra_losses", "validation_images"}
DATASETS = ("lol", "sample", "sice", "sice-dark", "folder")


def build_parser():
    """Return the command's parser."""
    from zero_dce_keras.training.recipes import RECIPES

    width = max(map(len, GRIDS))
    tables = "\n".join(
        f"  {name:{width}} {str(grid.__doc__).splitlines()[0]}"
        for name, grid in GRIDS.items()
    )
    parser = cli.parser(
        "ablate",
        "Train a recipe in variants, score them, and write one report: Markdown, LaTeX,\n"
        "JSON, pictures. What is done is kept in --output: the same command goes on\n"
        f"where it was interrupted.\n\ntables of the paper:\n{tables}",
        cli.data_options(),
        cli.device_option(),
    )
    parser.usage = "%(prog)s [TABLE] [--vary FIELD=A,B] [--output DIR] [option …]"
    parser.add_argument("table", nargs="?", metavar="TABLE", help="see above")
    parser.add_argument(
        "--recipe",
        choices=RECIPES,
        default="official",
        metavar="NAME",
        help="of `fit`, which the variants change (default: %(default)s)",
    )
    parser.add_argument(
        "--vary",
        action="append",
        default=[],
        metavar="FIELD=A,B",
        help="values of any field of the recipe; several give every combination",
    )
    parser.add_argument(
        "--seeds",
        type=cli.positive,
        default=1,
        metavar="N",
        help="trainings of each variant, for mean ± standard deviation (default: 1)",
    )
    parser.add_argument(
        "--folds",
        type=cli.positive,
        metavar="K",
        help="cross-validation: K trainings of each variant, each scored on a K-th of "
        "the scenes, which it was not trained on",
    )
    for verb in ("train", "score"):
        parser.add_argument(
            f"--{verb}-on",
            action="append",
            type=parse_source,
            metavar="NAME[=DIR]",
            help=f"a data set and where it lies, to {verb} on; several may be given "
            "(default: --dataset and --data-dir)",
        )
    parser.add_argument(
        "--split",
        choices=["validation", "test"],
        default="validation",
        help="what is scored on; test is for a last figure (default: %(default)s)",
    )
    parser.add_argument(
        "--images",
        type=cli.positive,
        metavar="N",
        help="score at most N photographs, from all over the split",
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument(
        "--steps",
        type=cli.positive,
        metavar="N",
        help="train every cell for as many epochs as have N steps",
    )
    length.add_argument(
        "--budget",
        type=positive_number,
        metavar="MINUTES",
        help="scale the epochs so that all trainings take about this long",
    )
    parser.add_argument(
        "--search",
        type=cli.positive,
        metavar="TRIALS",
        help="search by Optuna instead (extra `search`): over learning rate, E, weights "
        "of the losses and filters, or the values of --vary",
    )
    parser.add_argument(
        "-o",
        "--output",
        default="runs/ablate",
        metavar="DIR",
        help="directory of the report and the trainings (default: %(default)s)",
    )
    cli.add_table_format(parser)
    add_recipe_options(parser)
    return parser


def main(argv=None):
    """Run the command; return its exit code."""
    parser = build_parser()
    args = parser.parse_args(argv)
    from zero_dce_keras.training.recipe import Recipe
    from zero_dce_keras.training.recipes import RECIPES

    names = {field.name for field in dataclasses.fields(Recipe)}
    changes = {name: value for name, value in vars(args).items() if name in names}
    recipe = RECIPES[args.recipe]().replace(**changes)
    varied = parse_varied(parser, args.vary, names)
    if args.table is not None and args.table not in GRIDS:
        question = did_you_mean(args.table, GRIDS)
        parser.error(
            f"no table is named {args.table!r}.{question} There are: {', '.join(GRIDS)}"
        )
    if args.table is not None and args.search is not None:
        parser.error("--search takes what it tries from --vary, not from a table")
    variants = make_variants(args.table, recipe, varied)
    try:
        for variant in variants:
            recipe.replace(**variant.changes).check()
    except ValueError as error:
        parser.error(one_line(error))
    if args.split == "validation" and not (recipe.validation_images or args.folds):
        parser.error(
            f"--recipe {args.recipe} trains on all there is; give it "
            "--validation-images to score on, or --folds"
        )
    own = [(args.dataset, args.data_dir)]
    if args.train_on is None:
        cli.check_data_options(parser, args)
    train_on = args.train_on or own
    score_on = args.score_on or (own if args.train_on is None else train_on[:1])
    cli.start_backend(args.device)
    from zero_dce_keras.evaluation import json_text
    from zero_dce_keras.experiments import cells, grid, report

    sources = [cells.Source(*source) for source in train_on]
    # Behind the largest training split, so that no variant was trained on it.
    most = max(recipe.replace(**each.changes).train_images for each in variants)
    how = args.split, args.images, (most, max(1, recipe.validation_images))
    scored = [cells.Scored(cells.Source(*source), *how) for source in score_on]
    command = shlex.join(
        ["zero-dce", "ablate", *(sys.argv[2:] if argv is None else argv)]
    )
    if args.search is not None:
        from zero_dce_keras.experiments.search import format_search, search

        found = search(recipe, varied, sources[0], scored[0], args.search, args.output)
        found["command"] = command
        report.write_search(found, args.output)
        print(json_text(found) if args.json else format_search(found, args.format))
        return 0
    table = grid.run_grid(
        grid.make_cells(recipe, variants, sources, args.seeds, args.folds),
        scored,
        args.output,
        args.steps,
        args.budget,
        title=args.table or "Ablation",
        command=command,
    )
    first = cells.Cell("", recipe, sources[0], (1, args.folds) if args.folds else None)
    report.write_grid(table, args.output, scored[0].pairs(first))
    print(json_text(table) if args.json else grid.format_grid(table, args.format))
    return int(any("error" in cell for cell in table["cells"]))


def make_variants(table, recipe, varied):
    """Return the rows of a table, each in every combination of what is varied."""
    rows = GRIDS[table](recipe) if table else [Variant("", {})]
    if not varied:
        return rows
    return [
        Variant(
            ", ".join(filter(None, (row.label, more.label))), row.changes | more.changes
        )
        for row in rows
        for more in vary(varied)
    ]


def parse_varied(parser, values, names):
    """Read what `--vary` was given: dict, name of a field → its values."""
    varied = {}
    options = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    add_recipe_options(options)
    for value in values:
        name, sign, texts = value.partition("=")
        name = name.replace("-", "_")
        if name not in names or name in NOT_VARIED:
            question = did_you_mean(name, names)
            parser.error(
                f"--vary: no field that can be varied is named {name!r}.{question} There "
                f"are: {', '.join(sorted(names - NOT_VARIED))}"
            )
        if not (sign and texts):
            parser.error(f"--vary must be FIELD=A,B. Received: {value!r}")
        varied[name] = [parse_value(parser, options, name, t) for t in texts.split(",")]
    return varied


def parse_value(parser, options, name, text):
    """Convert a text as the option of a field does."""
    option = name.replace("_", "-")
    flags = {"true": [f"--{option}"], "false": [f"--no-{option}"]}
    words = flags.get(text.lower(), [f"--{option}", text])
    with contextlib.redirect_stderr(io.StringIO()):
        try:
            return getattr(options.parse_args(words), name)
        except (argparse.ArgumentError, SystemExit) as error:
            reason = getattr(error, "message", None) or "not a value of this field"
    return parser.error(f"--vary {name}={text}: {reason}")


def parse_source(text):
    """Read `NAME=DIR`, or `NAME` for what has a usual place."""
    name, _, directory = text.partition("=")
    if name not in DATASETS:
        raise argparse.ArgumentTypeError(
            f"must be one of {', '.join(DATASETS)}, with =DIR. Received: {text!r}"
        )
    if name in ("sice", "sice-dark", "folder") and not directory:
        raise argparse.ArgumentTypeError(f"{name} needs its place: {name}=DIR")
    return name, directory or None


def positive_number(text):
    """Convert to a number above 0."""
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"must be positive. Received: {text}")
    return number


if __name__ == "__main__":
    sys.exit(cli.run(main))
