"""The lab book: recipes that have been run, each with what came of it."""

from zero_dce_keras.training.recipe import Recipe


def default():
    """The best found so far: `zero_dce_lol`."""
    return Recipe(
        image_size=128,
        crop=True,
        batch_size=8,
        epochs=6,
        learning_rate=1e-3,
        cosine_decay=True,
        well_exposedness=0.44,
        smoothness_weight=400.0,
    )


def notebook():
    """The Keras notebook that many start from, with its losses."""
    return Recipe(
        train_images=300,
        validation_images=185,
        image_size=256,
        batch_size=16,
        epochs=50,
        learning_rate=1e-4,
        loss_form="notebook",
    )


def small_batch():
    """A course project's: batches of 4, the official losses."""
    return Recipe(
        batch_size=4,
        epochs=60,
        learning_rate=1e-4,
        initial_stddev=0.02,
        global_clipnorm=0.1,
    )


def large_batch():
    """350 pairs to train on, 100 to validate on, the rest to test on."""
    return Recipe(
        train_images=350,
        validation_images=100,
        batch_size=64,
        epochs=100,
    )


def official():
    """The official PyTorch code's optimisation, on LOL."""
    return Recipe(
        batch_size=8,
        epochs=200,
        learning_rate=1e-4,
        l2=1e-4,
        global_clipnorm=0.1,
        initial_stddev=0.02,
        seed=1143,
    )


def demo():
    """A minute on the embedded sample: `make demo`."""
    return Recipe(
        image_size=128,
        batch_size=8,
        epochs=12,
        learning_rate=1e-3,
        well_exposedness=0.46,
    )


RECIPES = {
    "default": default,
    "demo": demo,
    "notebook": notebook,
    "small-batch": small_batch,
    "large-batch": large_batch,
    "official": official,
}
