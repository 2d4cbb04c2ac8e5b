"""Random photometric changes of low-light images: exposure, gamma, white balance, noise.

Each change is a function of images and the numbers drawn for them, made of arithmetic
alone, so that arrays and the tensors of every backend can be changed. None clips:
`augment` does once, at the end.
"""

import numpy as np


def change_exposure(images, gains):
    """`images · gains`: a gain of 2 is twice as bright. Both float; gains `(B, 1, 1, 1)`."""
    return images * gains


def change_gamma(images, exponents):
    """`images ** exponents`: above 1 darkens the middle. Exponents `(B, 1, 1, 1)`."""
    return images**exponents


def change_white_balance(images, gains):
    """`images · gains`, a gain for each channel: `(B, 1, 1, 3)`."""
    return images * gains


def add_noise(images, noise):
    """`images + noise`, of the images' shape or one that goes with it."""
    return images + noise


def augment(images, draws, clip=None):
    """Change a batch of images by the numbers drawn for it.

    In the order of a camera: exposure, white balance, gamma, noise; then clip to [0, 1].

    Args:
        images: float tensor `(B, H, W, 3)` in [0, 1].
        draws: dict of arrays by the names of the changes, as `Augmentation.draw` gives
            it; a change that is not in it is not made.
        clip: function that limits a tensor to an interval; `keras.ops.clip` by default.

    Returns:
        float tensor `(B, H, W, 3)` in [0, 1].

    Example: twice the exposure.

    >>> import numpy as np
    >>> dark = np.full((1, 2, 2, 3), 0.25, "float32")
    >>> gains = np.full((1, 1, 1, 1), 2, "float32")
    >>> float(augment(dark, {"exposure": gains})[0, 0, 0, 0])
    0.5
    """
    if clip is None:
        from keras import ops

        clip = ops.clip
        images = ops.convert_to_tensor(images)
        draws = {name: ops.convert_to_tensor(draws[name]) for name in draws}
    for name, change in _CHANGES.items():
        if name in draws:
            images = change(images, draws[name])
    return clip(images, 0.0, 1.0)


_CHANGES = {
    "exposure": change_exposure,
    "white_balance": change_white_balance,
    "gamma": change_gamma,
    "noise": add_noise,
}


class Augmentation:
    """Draws the photometric changes of any batch, and makes them.

    A strength of s draws factors from 1/(1+s) to 1+s, as likely below 1 as above; 0
    draws none. What is drawn depends on the seed, the epoch and the batch alone, and is
    the same on every backend. Crops and flips are options of `make_dataset`.

    Args:
        exposure: strength of the gain of the whole image; 1 is half to twice as bright.
        gamma: strength of the exponent of the values.
        white_balance: strength of the gains of red and of blue.
        noise: largest standard deviation of Gaussian noise, in units of white; that of
            each image is drawn between 0 and this.
        seed: seed of the numbers.

    Raises:
        ValueError: if a strength is negative or not finite.

    Example: as a map over a `tf.data.Dataset` of float batches, or of pairs of them,

    `dataset.map(Augmentation(exposure=1.0, noise=0.02, seed=7))`

    and in the pipeline of every backend, `make_dataset(pairs, augmentation=…)`.

    >>> augmentation = Augmentation(exposure=1.0, seed=7)
    >>> draws = augmentation.draw((2, 32, 48, 3), epoch=0, batch=0)
    >>> {name: array.shape for name, array in draws.items()}
    {'exposure': (2, 1, 1, 1)}
    """

    def __init__(
        self, exposure=0.0, gamma=0.0, white_balance=0.0, noise=0.0, seed=1143
    ):
        self.strengths = {
            "exposure": exposure,
            "white_balance": white_balance,
            "gamma": gamma,
            "noise": noise,
        }
        for name, strength in self.strengths.items():
            if not 0 <= strength < np.inf:
                raise ValueError(
                    f"{name} must be finite and not negative. Received: {strength}"
                )
        self.seed = seed
        self._generator = None  # of the map's seeds

    def draw(self, shape, epoch, batch):
        """The numbers for a batch.

        Args:
            shape: `(B, H, W, 3)`.
            epoch: number of the epoch, from 0.
            batch: number of the batch in the epoch, from 0.

        Returns:
            dict of float32 arrays for `augment`, without the changes of strength 0.
        """
        # 1: another stream than that of the crops, which is drawn from [seed, epoch].
        rng = np.random.default_rng([self.seed, epoch, batch, 1])
        count = shape[0]
        uniform = rng.random((count, 1, 1, 5), dtype="float32")
        draws = _draws(self.strengths, uniform, np)
        if self.strengths["noise"]:
            noise = rng.standard_normal(shape, dtype="float32")
            draws["noise"] = draws["noise"] * noise
        return draws

    def __call__(self, low_light, reference=None):
        """For `tf.data.Dataset.map`: change the low-light images of a float batch.

        New numbers for every batch of every epoch, by stateless operations of a seed
        that a generator counts up; map without `num_parallel_calls`, so that batches
        take their seeds in order. A reference passes through unchanged.
        """
        from zero_dce_keras.lazy import require

        tf = require("tensorflow")
        if self._generator is None:
            with tf.init_scope():
                self._generator = tf.random.Generator.from_seed(self.seed, "philox")
        seeds = tf.cast(self._generator.make_seeds(2), tf.int32)  # (2, 2)
        shape = tf.shape(low_light)
        uniform = tf.random.stateless_uniform((shape[0], 1, 1, 5), seeds[:, 0])
        draws = _draws(self.strengths, uniform, tf)
        if self.strengths["noise"]:
            draws["noise"] *= tf.random.stateless_normal(shape, seeds[:, 1])
        changed = augment(low_light, draws, tf.clip_by_value)
        return changed if reference is None else (changed, reference)

    def __bool__(self):
        """Whether it changes anything."""
        return any(self.strengths.values())


def _draws(strengths, uniform, library):
    """The numbers of `augment` out of `(B, 1, 1, 5)` in [0, 1); noise as its deviation.

    Every change has its own columns, so that one does not depend on which others are on.
    """

    def factors(strength, columns):
        return (1.0 + strength) ** (2.0 * columns - 1.0)

    exposure, gamma, red, blue, noise = (uniform[..., i : i + 1] for i in range(5))
    draws = {}
    if strengths["exposure"]:
        draws["exposure"] = factors(strengths["exposure"], exposure)
    if strengths["white_balance"]:
        gains = [
            factors(strengths["white_balance"], red),
            library.ones_like(red),
            factors(strengths["white_balance"], blue),
        ]
        concatenate = getattr(library, "concat", None) or library.concatenate
        draws["white_balance"] = concatenate(gains, axis=-1)
    if strengths["gamma"]:
        draws["gamma"] = factors(strengths["gamma"], gamma)
    if strengths["noise"]:
        draws["noise"] = strengths["noise"] * noise
    return draws
