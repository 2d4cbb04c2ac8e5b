"""Models as a recipe says, compiled and ready for `fit`."""

import keras

from zero_dce_keras.losses import WEIGHTED_LOSSES
from zero_dce_keras.models import (
    L2Adam,
    MIRNet,
    ZeroDCE,
    ZeroDCEPlusPlus,
    open_model,
)
from zero_dce_keras.models.exposure_normalization import ExposureNormalization

# Metered brightnesses between which exposure normalisation fades out. Of LOL's dark
# photographs 95 % are metered below .25, of their references 75 % above .5.
WELL_EXPOSED = (0.25, 0.5)
# Calibrated on the references of our485: docs/experiments.md.
ADAPTIVE_TONE = {"black": 0.5, "gamma_slope": 0.1}


def build_model(recipe, train_images, mixed_precision=False):
    """The recipe's model, compiled for that many training images."""
    dtype = "mixed_bfloat16" if mixed_precision else "float32"
    model = BUILDERS[recipe.model](recipe, dtype)
    teaching = {}
    if recipe.teacher is not None:
        teaching = {"teacher": open_teacher(recipe.teacher)}
    model.compile(optimizer=build_optimizer(recipe, train_images), **teaching)
    return model


def open_teacher(weights):
    """The model of a recipe's `teacher`."""
    teacher = open_model(weights)
    if not teacher.has_curves:
        raise ValueError(
            "teacher must be weights of a model without references. Received: "
            f"{weights}, a {type(teacher).__name__}"
        )
    return teacher


def build_optimizer(recipe, train_images):
    """Adam, with what the recipe adds to it."""
    averaging = {}
    if recipe.ema is not None:
        averaging = {"use_ema": True, "ema_momentum": recipe.ema}
    return L2Adam(
        learning_rate(recipe, train_images),
        l2=recipe.l2,
        max_gradient_norm=recipe.global_clipnorm,
        weight_decay=recipe.weight_decay,
        **averaging,
    )


def learning_rate(recipe, train_images):
    """A number, or the schedule over the steps of the run."""
    if not recipe.cosine_decay:
        return recipe.learning_rate
    whole, part = divmod(train_images, recipe.batch_size)
    steps = whole + bool(part and not recipe.drop_remainder)
    return keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate,
        decay_steps=max(1, recipe.epochs * steps),  # of none, make_dataset tells
    )


def build_zero_dce(recipe, dtype):
    """A `ZeroDCE`, not compiled."""
    return ZeroDCE(**zero_dce_arguments(recipe, dtype))


def build_zero_dce_plus_plus(recipe, dtype):
    """A `ZeroDCEPlusPlus`, not compiled."""
    return ZeroDCEPlusPlus(
        scale_factor=recipe.scale_factor,
        resampling=recipe.resampling,
        **zero_dce_arguments(recipe, dtype),
    )


def zero_dce_arguments(recipe, dtype):
    """What a recipe says to `ZeroDCE` and its subclasses."""
    initializer = "glorot_uniform"
    if recipe.initial_stddev is not None:
        initializer = keras.initializers.RandomNormal(stddev=recipe.initial_stddev)
    return {
        "num_iterations": recipe.num_iterations,
        "filters": recipe.filters,
        "num_layers": recipe.num_layers,
        "well_exposedness": recipe.well_exposedness,
        "loss_weights": {
            loss.tracker: getattr(recipe, loss.weight_field) for loss in WEIGHTED_LOSSES
        },
        "exposure_patch_size": recipe.exposure_patch_size,
        "loss_form": recipe.loss_form,
        "kernel_initializer": initializer,
        "exposure_normalization": exposure_normalization(recipe),
        "denoising_filter": {} if recipe.denoising_filter else None,
        "dtype": dtype,
    }


def exposure_normalization(recipe):
    """Arguments of `ExposureNormalization`, or `None` for none."""
    if not recipe.normalize_exposure:
        return None
    adaptive = ADAPTIVE_TONE if recipe.adaptive_tone else {}
    well_exposed = WELL_EXPOSED if recipe.leave_well_exposed else None
    return {**adaptive, "well_exposed": well_exposed}


def whole_image_statistics(recipe):
    """What a crop must know of its image, for `make_dataset`; `None` for nothing.

    Learning from pairs, a network must see crops as bright as in the whole image that
    it will be given: a crop alone cannot tell whether its reference is bright.
    """
    if recipe.trains_on_pairs and recipe.normalize_exposure and recipe.crop:
        return ExposureNormalization(**exposure_normalization(recipe)).gains
    return None


def build_mirnet(recipe, dtype):
    """A `MIRNet`, not compiled."""
    return MIRNet(
        num_rrg=recipe.num_rrg,
        num_mrb=recipe.num_mrb,
        channels=recipe.channels,
        block=recipe.block,
        ssim_weight=recipe.ssim_weight,
        exposure_normalization=exposure_normalization(recipe),
        denoising_filter={} if recipe.denoising_filter else None,
        dtype=dtype,
    )


# by `recipe.model`
BUILDERS = {
    "zero_dce": build_zero_dce,
    "zero_dce_plus_plus": build_zero_dce_plus_plus,
    "mirnet": build_mirnet,
}
