"""The table of docs/models.md: every preset's size, arithmetic, scores and time.

.venv/bin/python benchmarks/models.py --data-dir ../shared/data/lol

Parameters and scores are the cards', arithmetic is TensorFlow's count of floating-point
operations at 600×400. Times are of one run, uint8 to uint8. "Change" is what a preset
does to photographs that need nothing: the mean absolute difference, of 1, over every 16th reference of our485.
"Without the network" is PSNR and SSIM on eval15 of the layers before it alone.
"""

import functools

import numpy as np
from machine import alternate, parse_options, report

from zero_dce_keras import Enhancer, list_presets
from zero_dce_keras.data import find_sample, find_test_pairs, open_splits
from zero_dce_keras.evaluation import count_gflop, evaluate_pairs, mean_scores
from zero_dce_keras.images import contact_sheet, read_image, to_float
from zero_dce_keras.inference import without_network
from zero_dce_keras.models import load_card

HEIGHT, WIDTH = 400, 600  # LOL's


def main():
    parser = parse_options(__doc__.splitlines()[0], repeats=7)
    parser.add_argument(
        "--sheet", metavar="FILE", help="write before/after pictures too"
    )
    parser.add_argument("--data-dir", metavar="DIR", help="where LOL lies, for Change")
    options = parser.parse_args()
    enhancers = {name: Enhancer.from_preset(name) for name in list_presets()}
    if options.sheet:
        write_sheet(options.sheet, enhancers)
    image = np.random.default_rng(0).integers(0, 60, (HEIGHT, WIDTH, 3), "uint8")
    cards = {name: load_card(name) for name in enhancers}
    functions = {
        name: functools.partial(enhancer, image) for name, enhancer in enhancers.items()
    }
    seconds = alternate(functions, options.repeats, options.clock)
    well_exposed = read_references(options.data_dir) if options.data_dir else []
    tests = find_test_pairs("lol", options.data_dir) if options.data_dir else []
    rows = []
    for name, enhancer in enhancers.items():
        card = cards[name]
        scores = card["scores"]["eval15"]
        rows.append(
            {
                "preset": f"`{name}`",
                "class": type(enhancer.model).__name__,
                "parameters": f"{card['parameters']:,}",
                "GFLOP": f"{count_gflop(enhancer.model, HEIGHT, WIDTH):.2f}",
                "PSNR": f"{scores['psnr']:.2f}",
                "SSIM": f"{scores['ssim']:.3f}".lstrip("0"),
                "MAE": f"{scores['mae']:.2f}",
                "ms": f"{1e3 * seconds[name]:.3g}",
                "without the network": bare(enhancer.model, tests),
                "change": change(enhancer, well_exposed),
            }
        )
    report(rows, options, image=f"{WIDTH}×{HEIGHT}")


def read_references(data_dir):
    """Every 16th reference of our485."""
    splits = open_splits("lol", data_dir)
    pairs = sorted([*splits.train, *splits.validation, *splits.rest])
    return [read_image(pair.reference) for pair in pairs[::16]]


def bare(model, pairs):
    """PSNR and SSIM on eval15 of what is not the network's work."""
    if not pairs:
        return ""
    results = evaluate_pairs(pairs, functools.partial(without_network, model))
    scores = mean_scores([result.scores for result in results])
    return f"{scores['psnr']:.2f}, " + f"{scores['ssim']:.3f}".lstrip("0")


def change(enhancer, images):
    """The mean absolute difference that enhancing makes, of 1."""
    differences = [np.abs(to_float(enhancer(i)) - to_float(i)).mean() for i in images]
    return f"{np.mean(differences):.3f}".lstrip("0") if images else ""


def write_sheet(path, enhancers):
    """The sample's held-out photographs, and what every preset makes of them."""
    rows = []
    for pair in open_splits("sample", find_sample()).test:
        low_light, reference = read_image(pair.low_light), read_image(pair.reference)
        enhanced = [enhancer(low_light) for enhancer in enhancers.values()]
        rows.append([low_light, *enhanced, reference])
    titles = ["input", *enhancers, "reference"]
    contact_sheet(rows, titles, width=1800).save(path, quality=85)


if __name__ == "__main__":
    main()
