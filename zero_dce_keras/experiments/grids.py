"""What is varied: the tables of the Zero-DCE paper by name, and fields of one's own.

Source: section 4.1 of https://arxiv.org/abs/2001.06826, "Ablation study".
"""

import itertools
from typing import NamedTuple

LOSSES = {
    "spatial consistency": "spatial_weight",
    "exposure control": "exposure_weight",
    "colour constancy": "color_weight",
    "illumination smoothness": "smoothness_weight",
}
# Layers, filters, iterations.
SETTINGS = (3, 32, 8), (7, 16, 8), (7, 32, 1), (7, 32, 8), (7, 32, 16)
EXPOSURES = 0.3, 0.4, 0.5, 0.6, 0.7


class Variant(NamedTuple):
    """A row of a grid: its label, and the fields of the recipe that it changes."""

    label: str
    changes: dict


def losses(recipe):
    """Drop one loss at a time."""
    rows = [Variant("all four losses", {})]
    rows += [Variant(f"without {name}", {f: 0.0}) for name, f in LOSSES.items()]
    return rows


def settings(recipe):
    """Vary layers, filters and iterations."""
    names = "num_layers", "filters", "num_iterations"
    return [
        Variant("-".join(map(str, sizes)), dict(zip(names, sizes, strict=True)))
        for sizes in SETTINGS
    ]


def data(recipe):
    """Vary what is trained on: give several --train-on."""
    return [Variant("", {})]


def exposure(recipe):
    """Vary the exposure target E."""
    return vary({"well_exposedness": EXPOSURES})


def weights(recipe):
    """Give one loss after the other a tenth of its weight, and ten times."""
    rows = [Variant("as in the recipe", {})]
    for name, field in LOSSES.items():
        weight = getattr(recipe, field)
        if weight:
            rows += [
                Variant(f"{name} {weight * times:g}", {field: weight * times})
                for times in (0.1, 10)
            ]
    return rows


GRIDS = {grid.__name__: grid for grid in (losses, settings, data, exposure, weights)}


def vary(fields):
    """Return a variant for every combination of values of fields.

    Args:
        fields: dict, name of a recipe's field → sequence of values.

    Returns:
        list of `Variant`.

    Example:
        >>> [v.label for v in vary({"filters": (8, 16), "crop": (True,)})]
        ['filters 8, crop True', 'filters 16, crop True']
    """
    rows = []
    for values in itertools.product(*fields.values()):
        changes = dict(zip(fields, values, strict=True))
        label = ", ".join(f"{name} {value}" for name, value in changes.items())
        rows.append(Variant(label, changes))
    return rows
