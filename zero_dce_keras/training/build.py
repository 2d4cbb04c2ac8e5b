"""Models as a recipe says, compiled and ready for `fit`."""

import keras

from zero_dce_keras.models import L2Adam, load_model
from zero_dce_keras.models.registry import get_model_class


def build_model(recipe, train_images, mixed_precision=False):
    """Make the recipe's model, compiled for that many training images."""
    dtype = "mixed_bfloat16" if mixed_precision else "float32"
    model = get_model_class(recipe.model).from_recipe(recipe, dtype)
    teaching = {}
    if recipe.teacher is not None:
        teaching = {"teacher": open_teacher(recipe.teacher)}
    model.compile(optimizer=build_optimizer(recipe, train_images), **teaching)
    return model


def open_teacher(weights):
    """Open the model of a recipe's `teacher`."""
    teacher = load_model(weights)
    if not teacher.has_curves:
        raise ValueError(
            "teacher must be weights of a model without references. Received: "
            f"{weights}, a {type(teacher).__name__}"
        )
    return teacher


def build_optimizer(recipe, train_images):
    """Make Adam, with what the recipe adds to it."""
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
    """Return a number, or the schedule over the steps of the run."""
    if not recipe.cosine_decay:
        return recipe.learning_rate
    whole, part = divmod(train_images, recipe.batch_size)
    steps = whole + bool(part and not recipe.drop_remainder)
    return keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate,
        decay_steps=max(1, recipe.epochs * steps),  # make_dataset raises where 0
    )
