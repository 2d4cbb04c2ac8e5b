"""What a training run consists of, in one flat record."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from zero_dce_keras.errors import (
    check_choice,
    check_fraction,
    check_not_negative,
    check_odd,
    check_positive,
)
from zero_dce_keras.losses.table import (
    LOSS_FORMS,
    WEIGHTED_LOSSES,
    check_extra_losses,
    parse_extra_losses,
)
from zero_dce_keras.models.choices import BLOCKS, RESAMPLINGS
from zero_dce_keras.models.registry import MODELS

SMALLEST_IMAGE = 16  # pixels on a side: the window of the losses
# What the best weights may be best at, and whether more of it is better.
MONITORS = {"total_loss": False, "psnr": True, "ssim": True}
# Fields of earlier versions, with the only value that this one still reads.
REMOVED_FIELDS = {"adaptive_tone": False}


def _option(default, help, **metadata):
    """Make a field of a recipe, which is an option of `fit`.

    Args:
        default: value of the field. Where it is `None`, `None` is always allowed.
        help: for `fit --help`.
        **metadata: `choices`, a tuple; or `check`, a function of the field's name and
            value that raises a `ValueError`; `parse` and `metavar`, where an option's
            text is not the field's type.
    """
    return dataclasses.field(default=default, metadata={"help": help, **metadata})


def _range(text, contains):
    """Make a check that a value is in a range.

    Args:
        text: the range, for the message.
        contains: function of a value.
    """

    def check(name, value):
        if not contains(value):
            raise ValueError(f"{name} must be {text}. Received: {value}")

    return check


# The weights of the losses, a field for each. `Any`, because mypy cannot read its fields.
LossWeights: Any = dataclasses.make_dataclass(
    "LossWeights",
    [
        (
            loss.weight_field,
            float,
            _option(loss.weight, f"weight of {loss.help}", check=check_not_negative),
        )
        for loss in WEIGHTED_LOSSES
    ],
    frozen=True,
    kw_only=True,  # a recipe's first field is its model
)


@dataclasses.dataclass(frozen=True)
class Recipe(LossWeights):
    """Everything that decides what a run learns; `fit` has an option for each field.

    Example:
        >>> from zero_dce_keras.training import RECIPES
        >>> RECIPES["notebook"]().replace(epochs=2).epochs
        2
    """

    model: str = _option(
        "zero_dce",
        "what to train",
        choices=tuple(MODELS),
    )
    train_images: int = _option(
        400, "about how many images to train on", check=check_positive
    )
    validation_images: int = _option(
        85, "about how many images to validate on", check=check_not_negative
    )
    image_size: int = _option(
        256,
        f"side of the training images, {SMALLEST_IMAGE} pixels or more",
        check=_range(
            f"at least {SMALLEST_IMAGE}, the window of the losses",
            lambda value: value >= SMALLEST_IMAGE,
        ),
    )
    batch_size: int = _option(16, "images in a batch", check=check_positive)
    val_batch_size: int | None = _option(
        None,
        "images in a validation batch; batch_size by default",
        check=check_positive,
    )
    snapshot_every: int | None = _option(
        None,
        "keep the weights of every so many epochs, in snapshots/",
        check=check_positive,
    )
    display_every: int | None = _option(
        None, "log the losses of every so many steps", check=check_positive
    )
    drop_remainder: bool = _option(False, "leave out a last batch that is not full")
    crop: bool = _option(False, "cut random squares out instead of resizing")
    flip: bool = _option(False, "mirror images left-right at random")
    augment_exposure: float = _option(
        0.0,
        "s: make low-light images darker or brighter, by 1/(1+s) to 1+s",
        check=check_not_negative,
    )
    augment_gamma: float = _option(
        0.0, "s: raise them to powers from 1/(1+s) to 1+s", check=check_not_negative
    )
    augment_white_balance: float = _option(
        0.0,
        "s: multiply their red and blue by 1/(1+s) to 1+s",
        check=check_not_negative,
    )
    augment_noise: float = _option(
        0.0,
        "add Gaussian noise of up to this standard deviation to them",
        check=check_not_negative,
    )
    rotate: bool = _option(False, "turn square images by 0, 90, 180 or 270° at random")
    mixup: bool = _option(False, "mix the images of a batch in random proportions")
    whole_epochs: int = _option(
        0,
        "last epochs that look at whole photographs, one a batch, in place of crops",
        check=check_not_negative,
    )
    epochs: int = _option(
        50, "passes through the training images", check=check_positive
    )
    learning_rate: float = _option(1e-4, "Adam's learning rate", check=check_positive)
    cosine_decay: bool = _option(
        False, "lower the learning rate to 0 along a cosine over the run"
    )
    plateau_epochs: int | None = _option(
        None,
        "halve the learning rate after so many epochs without a better monitor",
        check=check_positive,
    )
    ema: float | None = _option(
        None,
        "momentum of averaged weights, which are those saved; in [0, 1)",
        check=_range("in [0, 1)", lambda value: 0 <= value < 1),
    )
    global_clipnorm: float | None = _option(
        None,
        "scale gradients with a larger global norm down to it",
        check=check_not_negative,
    )
    l2: float | None = _option(
        None,
        "L2 weight decay, added to the gradient after clipping",
        check=check_not_negative,
    )
    weight_decay: float | None = _option(
        None, "decoupled weight decay (AdamW's)", check=check_not_negative
    )
    num_iterations: int = _option(
        8, "curve maps, and times a curve is applied", check=check_positive
    )
    filters: int = _option(
        32, "channels of DCE-Net's hidden layers", check=check_positive
    )
    num_layers: int = _option(
        7,
        "convolutions of DCE-Net, an odd number",
        check=check_odd,
    )
    scale_factor: int = _option(
        12,
        "how much smaller the image is that Zero-DCE++ looks at",
        check=check_positive,
    )
    resampling: str = _option(
        "official",
        "how Zero-DCE++ shrinks images and stretches its map",
        choices=RESAMPLINGS,
    )
    num_rrg: int = _option(
        3, "MIRNet's recursive residual groups", check=check_positive
    )
    num_mrb: int = _option(
        2, "multi-scale residual blocks in a group", check=check_positive
    )
    channels: int = _option(
        64, "channels of MIRNet's features at full resolution", check=check_positive
    )
    block: str = _option("multi_scale", "MIRNet's blocks", choices=BLOCKS)
    ssim_weight: float = _option(
        0.0,
        "weight of 1 − SSIM against references, for MIRNet and BilateralDCE",
        check=check_not_negative,
    )
    gt_mean_weight: float = _option(
        0.0,
        "share of MIRNet's Charbonnier loss that is taken at the reference's brightness",
        check=check_fraction,
    )
    stride: int = _option(
        1,
        "pixels from one place of MIRNet's features to the next",
        check=check_positive,
    )
    global_view: bool = _option(
        False, "change the image first by what MIRNet sees in a miniature of the whole"
    )
    reference_weight: float = _option(
        0.0,
        "weight of BilateralDCE's Charbonnier loss against references",
        check=check_not_negative,
    )
    order_weight: float = _option(
        1.0,
        "weight of BilateralDCE's loss where curves turn the order of brightness round",
        check=check_not_negative,
    )
    node_smoothness_weight: float = _option(
        0.0,
        "weight of BilateralDCE's loss for curves that change with the brightness",
        check=check_not_negative,
    )
    ratio_share: float = _option(
        0.5,
        "how much of BilateralDCE's result keeps the ratios of the channels",
        check=check_fraction,
    )
    window: int | None = _option(
        None,
        "side of the square that BilateralDCE's losses look at; the whole by default",
        check=check_positive,
    )
    permute_channels: bool = _option(
        False, "give the channels another order for each batch, of BilateralDCE"
    )
    initial_stddev: float | None = _option(
        None,
        "draw kernels from N(0, this) instead of Glorot's uniform distribution",
        check=check_not_negative,
    )
    well_exposedness: float = _option(
        0.6,
        "brightness asked of every patch, in [0, 1]",
        check=check_fraction,
    )
    exposure_patch_size: int = _option(
        16, "side of those patches in pixels", check=check_positive
    )
    loss_form: str = _option("official", "form of the losses", choices=LOSS_FORMS)
    extra_losses: Mapping[str, float] | None = _option(
        None,
        "further losses, without references: self_adaptive=0.1 or perception=0.01 (VGG16 "
        "on input and output), with a comma between them",
        check=check_extra_losses,
        parse=parse_extra_losses,
        metavar="NAME=WEIGHT",
    )
    normalize_exposure: bool = _option(
        False, "bring every photograph to one brightness before the network sees it"
    )
    leave_well_exposed: bool = _option(
        False, "normalise dark photographs only, the less the brighter they are"
    )
    denoising_filter: bool = _option(
        False, "smooth the noise of every photograph before all else"
    )
    teacher: str | None = _option(
        None, "preset, or other weights, whose pictures the curves shall give"
    )
    monitor: str = _option(
        "total_loss",
        "what the best weights are best at, on the validation images",
        choices=tuple(MONITORS),
    )
    seed: int = _option(
        1143,
        "seed of weights, order and augmentation",
        check=_range("in [0, 2³²)", lambda value: 0 <= value < 2**32),
    )

    @classmethod
    def from_stored(cls, values):
        """Read a recipe that this version or an earlier one stored.

        Args:
            values: dict by the names of the fields. What it lacks has its default; a
                field that is gone must have the value that does nothing.

        Raises:
            ValueError: if it has a field that this version does not have.

        Example:
            >>> Recipe.from_stored({"epochs": 2, "adaptive_tone": False}).epochs
            2
        """
        names = {field.name for field in dataclasses.fields(cls)}
        for name in values.keys() - names:
            if name not in REMOVED_FIELDS or values[name] != REMOVED_FIELDS[name]:
                raise ValueError(
                    "a recipe must have fields of this version only. "
                    f"Received: {name}={values[name]!r}"
                )
        return cls(**{name: values[name] for name in names & values.keys()})

    def check(self):
        """Raise a `ValueError` for what cannot be trained with."""
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value is None and field.default is None:
                continue
            if "choices" in field.metadata:
                check_choice(field.name, value, field.metadata["choices"])
            if "check" in field.metadata:
                field.metadata["check"](field.name, value)
        if self.image_size < self.exposure_patch_size:
            raise ValueError(
                f"image_size must be at least {self.exposure_patch_size}, the "
                f"exposure_patch_size. Received: {self.image_size}"
            )
        if self.whole_epochs and (not self.crop or self.whole_epochs > self.epochs):
            raise ValueError(
                "whole_epochs must be at most epochs, and needs crop (--crop): other "
                f"images are resized. Received: {self.whole_epochs} of {self.epochs} "
                f"epochs and crop={self.crop}"
            )
        if self.plateau_epochs is not None and (
            self.cosine_decay or not self.validation_images
        ):
            raise ValueError(
                "plateau_epochs needs validation_images, and no cosine_decay "
                "(--no-cosine-decay). Received: "
                f"{self.validation_images} and cosine_decay={self.cosine_decay}"
            )
        if self.denoising_filter and (
            self.denoising_weight or self.total_variation_weight
        ):
            raise ValueError(
                "denoising_weight and total_variation_weight want noise that "
                "denoising_filter has mixed: use one or the other "
                "(--no-denoising-filter)"
            )
        if self.model == "bilateral_dce" and self.normalize_exposure:
            raise ValueError(
                "normalize_exposure is not for bilateral_dce, whose curves do all "
                "(--no-normalize-exposure)"
            )
        if self.extra_losses and MODELS[self.model].learns_from_pairs:
            raise ValueError(
                "extra_losses is for models that learn without references. Received: "
                f"{self.extra_losses} for {self.model}"
            )
        if self.teacher is not None and self.learns_from_pairs:
            raise ValueError(
                "teacher is for models that learn without references. Received: "
                f"{self.teacher!r} for {self.model}"
            )

    @property
    def learns_from_pairs(self):
        """Whether the model needs references, and is validated on whole images."""
        return MODELS[self.model].learns_from_pairs or self.reference_weight > 0

    def replace(self, **changes):
        """Return a copy with other values in some fields."""
        return dataclasses.replace(self, **changes)
