"""The table of the losses: one row for each.

The names of the package, the trackers and default weights of `ZeroDCE`, the fields of a
recipe and the options of `fit` come from it. It imports no Keras, so that
`fit --help` answers at once.
"""

import dataclasses

from zero_dce_keras.errors import check_not_negative

# The paper, its official code, the Keras notebook that many people start from and the
# example of keras.io write the four zero-reference losses differently. The official code
# made the published images, so it is the default everywhere.
LOSS_FORMS = ("official", "paper", "notebook", "keras_io")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Loss:
    """Row of a loss.

    The loss `toy` is the function `toy` and the class `ToyLoss` in `toy_loss.py`. A row
    without more than `function` is of a loss that `ZeroDCE` does not train with; one
    without `weight_field` is trained with if `extra_losses` of a recipe names it.

    Args:
        function: name of the function.
        inputs: what the function takes, in order; names of `ZeroDCE.loss_inputs`.
        tracker: name of the weighted loss in logs and in `loss_weights`.
        weight_field: name of its weight in a recipe; `fit` makes an option of it.
        weight: default weight. Where it is 0, the loss is computed and tracked only if
            another weight is given.
        help: what the weight is of, for `fit --help`.
    """

    function: str
    inputs: tuple[str, ...] = ()
    tracker: str = ""
    weight_field: str = ""
    weight: float = 0.0
    help: str = ""

    @property
    def module(self):
        """Name of the module that holds the function and the class."""
        return f"{self.function}_loss"

    @property
    def class_name(self):
        """Name of the Keras class."""
        return f"{self.function.title().replace('_', '')}Loss"


LOSSES = (
    # Zero-DCE's, with the weights of the official code; the paper writes 0.5 for colour
    # and 20 for smoothness, under sums that are normalised differently.
    Loss(
        function="spatial_consistency",
        inputs=("low_light", "enhanced", "form"),
        tracker="spatial_consistency_loss",
        weight_field="spatial_weight",
        weight=1.0,
        help="spatial consistency",
    ),
    Loss(
        function="exposure_control",
        inputs=("enhanced", "well_exposedness", "patch_size", "form"),
        tracker="exposure_loss",
        weight_field="exposure_weight",
        weight=10.0,
        help="exposure control",
    ),
    Loss(
        function="color_constancy",
        inputs=("enhanced", "form"),
        tracker="color_constancy_loss",
        weight_field="color_weight",
        weight=5.0,
        help="colour constancy",
    ),
    Loss(
        function="illumination_smoothness",
        inputs=("curve_maps", "form"),
        tracker="illumination_smoothness_loss",
        weight_field="smoothness_weight",
        weight=200.0,
        help="illumination smoothness",
    ),
    # Not part of Zero-DCE.
    Loss(
        function="denoising",
        inputs=("denoised", "neighbor"),
        tracker="denoising_loss",
        weight_field="denoising_weight",
        help="the denoising loss, neighbour against neighbour",
    ),
    Loss(
        function="total_variation",
        inputs=("denoised",),
        tracker="total_variation_loss",
        weight_field="total_variation_weight",
        help="the total variation of what the denoising loss looks at",
    ),
    Loss(
        function="self_adaptive",
        inputs=("enhanced",),
        tracker="self_adaptive_loss",
    ),
    # The content of a photograph shall stay: input against output, not a reference.
    Loss(
        function="perception",
        inputs=("low_light", "enhanced", "features"),
        tracker="perception_loss",
    ),
    # With references.
    Loss(function="charbonnier"),
)
# Those that `ZeroDCE` trains with: with a weight in a recipe, or in its `extra_losses`.
TRAINABLE_LOSSES = tuple(loss for loss in LOSSES if loss.tracker)
WEIGHTED_LOSSES = tuple(loss for loss in LOSSES if loss.weight_field)
EXTRA_LOSSES = {
    loss.function: loss for loss in TRAINABLE_LOSSES if not loss.weight_field
}


def check_extra_losses(name, value):
    """Raise a `ValueError` unless a value maps names of `EXTRA_LOSSES` to weights.

    Example:
        >>> check_extra_losses("extra_losses", {"self_adaptive": 0.1})
    """
    if not isinstance(value, dict) or value.keys() - EXTRA_LOSSES.keys():
        raise ValueError(
            f"{name} must be weights by the names {sorted(EXTRA_LOSSES)}. "
            f"Received: {value!r}"
        )
    for loss, weight in value.items():
        check_not_negative(f"{name}[{loss!r}]", weight)


def parse_extra_losses(text):
    """Read what `fit --extra-losses` is given: `NAME=WEIGHT,NAME=WEIGHT`.

    Raises:
        ValueError: if it is something else.

    Example:
        >>> parse_extra_losses("self_adaptive=0.1,perception=2")
        {'self_adaptive': 0.1, 'perception': 2.0}
    """
    items = [item.partition("=") for item in text.split(",")]
    return {name.strip(): float(weight) for name, _, weight in items}


def complete_loss_weights(loss_weights=None):
    """Fill in the default weights, check the given ones, and leave out unused losses.

    Args:
        loss_weights: mapping from names of trackers to numbers; `None` for defaults.

    Returns:
        dict from names of trackers to weights, in the order of the table.

    Raises:
        ValueError: if a name is unknown, or a weight is negative or not finite.

    Example:
        >>> [*complete_loss_weights({"exposure_loss": 0}).values()]
        [1.0, 0, 5.0, 200.0]
        >>> [*complete_loss_weights({"total_variation_loss": 10})][3:]
        ['illumination_smoothness_loss', 'total_variation_loss']
    """
    defaults = {loss.tracker: loss.weight for loss in TRAINABLE_LOSSES}
    weights = {**defaults, **(loss_weights or {})}
    unknown = sorted(set(weights) - set(defaults))
    if unknown:
        raise ValueError(
            f"loss_weights must be named after {sorted(defaults)}. Received: {unknown}"
        )
    for name, weight in weights.items():
        check_not_negative(f"loss_weights[{name!r}]", weight)
    return {
        name: weight for name, weight in weights.items() if weight or defaults[name]
    }
