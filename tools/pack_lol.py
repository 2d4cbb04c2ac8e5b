"""Pack LOL for the way to another machine: the same tree, small and without loss.

    python tools/pack_lol.py --data-dir ../shared/data/lol -o runs/lol_packed
    python -m zero_dce_keras.fit --data-dir runs/lol_packed

our485 is resized before it is stored, by `--shorter-side` or by `--square`. Training at
`--no-crop --image-size N` on a pack of `--square N` gives the same batches, bit for bit,
as on LOL itself. The default leaves room for random crops; they show more of a scene
than crops out of LOL itself, so the scores of a recipe with crops need not carry over.
eval15 keeps its pixels, and with them its scores. LOL is for research use: a pack is for
one's own machines, never to be committed (git ignores runs/).
"""

import contextlib
import functools
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from zero_dce_keras import cli
from zero_dce_keras.data import find_lol, find_pairs
from zero_dce_keras.images import list_images, read_image, resize_image


def build_parser():
    """The command's options."""
    parser = cli.parser("pack_lol", __doc__)
    parser.prog = "python tools/pack_lol.py"  # tools/ is not part of the package
    parser.add_argument(
        "--data-dir",
        metavar="DIR",
        help="where LOL lies (default: ZERO_DCE_DATA, or the user cache directory)",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        type=Path,
        required=True,
        help="a new directory; the pack is DIR/lol_dataset",
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--shorter-side",
        metavar="N",
        type=cli.positive,
        default=160,
        help="make the shorter side of every photograph of our485 N pixels, and keep "
        "its aspect; smaller ones stay as they are (default: %(default)s)",
    )
    size.add_argument(
        "--square",
        metavar="N",
        type=cli.positive,
        help="make them N×N pixels instead, as training without crops does",
    )
    return parser


def main(argv=None):
    args = build_parser().parse_args(argv)
    if args.square:
        shrink = functools.partial(to_square, side=args.square)
    else:
        shrink = functools.partial(to_shorter_side, side=args.shorter_side)
    copies = list_copies(args.data_dir, "our485", shrink)
    copies += list_copies(args.data_dir, "eval15", unchanged)
    print(f"packing {len(copies)} photographs", file=sys.stderr)
    with new_directory(args.output) as directory, ThreadPoolExecutor() as pool:
        list(
            pool.map(lambda copy: write_copy(directory / "lol_dataset", *copy), copies)
        )
    sizes = [path.stat().st_size for path in list_images(args.output, recursive=True)]
    print(f"{args.output}: {len(sizes)} files, {sum(sizes) / 1e6:.1f} MB")
    return 0


def list_copies(data_dir, part, change):
    """What to write for a part of LOL: `(source, path in the pack, change)`."""
    source = find_lol(data_dir, part) / part
    return [
        (path, Path(part, side, f"{pair.name}.webp"), change)
        for pair in find_pairs(source / "low", source / "high")
        for side, path in (("low", pair.low_light), ("high", pair.reference))
    ]


def write_copy(root, source, name, change):
    """Write one photograph, changed, as WebP without loss.

    That takes a fifth less than PNG; Pillow's slower methods gain under 1 % on our485.
    """
    target = root / name
    target.parent.mkdir(parents=True, exist_ok=True)
    # Not write_image, whose WebP is lossy.
    Image.fromarray(change(read_image(source))).save(target, lossless=True)


def to_square(image, side):
    """Resized as `make_dataset(image_size=side)` does, smaller ones too."""
    return resize_image(image, side, side)


def to_shorter_side(image, side):
    """Resized with its aspect, never enlarged."""
    height, width, _ = image.shape
    scale = min(1, side / min(height, width))
    return resize_image(image, round(height * scale), round(width * scale))


def unchanged(image):
    """For eval15: scores are taken at full size."""
    return image


@contextlib.contextmanager
def new_directory(path):
    """A directory beside `path` that takes its name once it is whole.

    Whatever goes wrong while it is filled, nothing is left behind.
    """
    if os.path.lexists(path):
        raise FileExistsError(f"{path} is there already: give a new directory")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".pack_lol-", dir=path.parent) as work:
        new = Path(work) / "new"  # not `work`, which only its owner may read
        new.mkdir()
        yield new
        os.rename(new, path)


if __name__ == "__main__":
    sys.exit(cli.run(main))
