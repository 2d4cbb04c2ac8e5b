"""What a training run consists of, in one flat record."""

import dataclasses
import math
from typing import Any

from zero_dce_keras.losses.table import WEIGHTED_LOSSES


def _option(default, help, **metadata):
    return dataclasses.field(default=default, metadata={"help": help, **metadata})


# The weights of the losses, a field for each. `Any`, because mypy cannot read its fields.
LossWeights: Any = dataclasses.make_dataclass(
    "LossWeights",
    [
        (loss.weight_field, float, _option(loss.weight, f"weight of {loss.help}"))
        for loss in WEIGHTED_LOSSES
    ],
    frozen=True,
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
        choices=("zero_dce", "zero_dce_plus_plus", "mirnet"),
    )
    train_images: int = _option(400, "about how many images to train on")
    validation_images: int = _option(85, "about how many images to validate on")
    image_size: int = _option(256, "side of the training images in pixels, at least 16")
    batch_size: int = _option(16, "images in a batch")
    drop_remainder: bool = _option(False, "leave out a last batch that is not full")
    crop: bool = _option(False, "cut random squares out instead of resizing")
    flip: bool = _option(False, "mirror images left-right at random")
    augment_exposure: float = _option(
        0.0, "s: make low-light images darker or brighter, by 1/(1+s) to 1+s"
    )
    augment_gamma: float = _option(0.0, "s: raise them to powers from 1/(1+s) to 1+s")
    augment_white_balance: float = _option(
        0.0, "s: multiply their red and blue by 1/(1+s) to 1+s"
    )
    augment_noise: float = _option(
        0.0, "add Gaussian noise of up to this standard deviation to them"
    )
    rotate: bool = _option(False, "turn square images by 0, 90, 180 or 270° at random")
    mixup: bool = _option(False, "mix the images of a batch in random proportions")
    epochs: int = _option(50, "passes through the training images")
    learning_rate: float = _option(1e-4, "Adam's learning rate")
    cosine_decay: bool = _option(
        False, "lower the learning rate to 0 along a cosine over the run"
    )
    plateau_epochs: int | None = _option(
        None, "halve the learning rate after so many epochs without a better monitor"
    )
    ema: float | None = _option(
        None, "momentum of averaged weights, which are those saved; in [0, 1)"
    )
    global_clipnorm: float | None = _option(
        None, "scale gradients with a larger global norm down to it"
    )
    l2: float | None = _option(
        None, "L2 weight decay, added to the gradient after clipping"
    )
    weight_decay: float | None = _option(None, "decoupled weight decay (AdamW's)")
    num_iterations: int = _option(8, "curve maps, and times a curve is applied")
    filters: int = _option(32, "channels of DCE-Net's hidden layers")
    num_layers: int = _option(7, "convolutions of DCE-Net, an odd number")
    scale_factor: int = _option(
        12, "how much smaller the image is that Zero-DCE++ looks at"
    )
    resampling: str = _option(
        "official",
        "how Zero-DCE++ shrinks images and stretches its map",
        choices=("official", "area"),
    )
    num_rrg: int = _option(3, "MIRNet's recursive residual groups")
    num_mrb: int = _option(2, "multi-scale residual blocks in a group")
    channels: int = _option(64, "channels of MIRNet's features at full resolution")
    block: str = _option(
        "multi_scale", "MIRNet's blocks", choices=("multi_scale", "residual")
    )
    ssim_weight: float = _option(0.0, "weight of 1 − SSIM in MIRNet's loss")
    initial_stddev: float | None = _option(
        None, "draw kernels from N(0, this) instead of Glorot's uniform distribution"
    )
    well_exposedness: float = _option(0.6, "brightness asked of every patch, in [0, 1]")
    exposure_patch_size: int = _option(16, "side of those patches in pixels")
    loss_form: str = _option(
        "official", "form of the losses", choices=("official", "paper", "notebook")
    )
    normalize_exposure: bool = _option(
        False, "bring every photograph to one brightness before the network sees it"
    )
    leave_well_exposed: bool = _option(
        False, "normalise dark photographs only, the less the brighter they are"
    )
    adaptive_tone: bool = _option(
        False, "normalise with a black level and a gamma that follow the photograph"
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
        choices=("total_loss", "psnr", "ssim"),
    )
    seed: int = _option(1143, "seed of weights, order and augmentation")

    def check(self):
        """Raise a `ValueError` for what cannot be trained with."""
        smallest = max(16, self.exposure_patch_size)
        if self.image_size < smallest:
            raise ValueError(
                f"image_size must be at least {smallest}, the window of the losses. "
                f"Received: {self.image_size}"
            )
        for name in (
            "train_images",
            "batch_size",
            "epochs",
            "learning_rate",
            "num_iterations",
            "filters",
            "num_layers",
            "scale_factor",
            "exposure_patch_size",
            "num_rrg",
            "num_mrb",
            "channels",
        ):
            value = getattr(self, name)
            if not 0 < value < math.inf:  # NaN is neither
                raise ValueError(f"{name} must be positive. Received: {value}")
        if self.num_layers % 2 == 0:
            raise ValueError(f"num_layers must be odd. Received: {self.num_layers}")
        if not 0 <= self.seed < 2**32:
            raise ValueError(f"seed must be in [0, 2³²). Received: {self.seed}")
        if not 0 <= self.well_exposedness <= 1:
            raise ValueError(
                f"well_exposedness must be in [0, 1]. Received: {self.well_exposedness}"
            )
        if self.ema is not None and not 0 <= self.ema < 1:
            raise ValueError(f"ema must be in [0, 1). Received: {self.ema}")
        self._check_plateau()
        if self.denoising_filter and (
            self.denoising_weight or self.total_variation_weight
        ):
            raise ValueError(
                "denoising_weight and total_variation_weight want noise that "
                "denoising_filter has mixed: use one or the other "
                "(--no-denoising-filter)"
            )
        if self.teacher is not None and self.trains_on_pairs:
            raise ValueError(
                "teacher is for models that learn without references. Received: "
                f"{self.teacher!r} for {self.model}"
            )
        for name in (
            "validation_images",
            "initial_stddev",
            "ssim_weight",
            *(loss.weight_field for loss in WEIGHTED_LOSSES),
            "global_clipnorm",
            "l2",
            "weight_decay",
            "augment_exposure",
            "augment_gamma",
            "augment_white_balance",
            "augment_noise",
        ):
            value = getattr(self, name)
            if value is not None and not 0 <= value < math.inf:
                raise ValueError(
                    f"{name} must be finite and not negative. Received: {value}"
                )
        for name in ("model", "resampling", "loss_form", "monitor", "block"):
            choices = self.__dataclass_fields__[name].metadata["choices"]
            if getattr(self, name) not in choices:
                raise ValueError(
                    f"{name} must be one of {choices}. Received: {getattr(self, name)!r}"
                )

    def _check_plateau(self):
        if self.plateau_epochs is None:
            return
        if self.plateau_epochs < 1:
            raise ValueError(
                f"plateau_epochs must be positive. Received: {self.plateau_epochs}"
            )
        if self.cosine_decay or not self.validation_images:
            raise ValueError(
                "plateau_epochs needs validation_images, and no cosine_decay "
                "(--no-cosine-decay). Received: "
                f"{self.validation_images} and cosine_decay={self.cosine_decay}"
            )

    @property
    def trains_on_pairs(self):
        """Whether the model needs references, and is validated on whole images."""
        return self.model == "mirnet"

    def replace(self, **changes):
        """A copy with other values in some fields."""
        return dataclasses.replace(self, **changes)
