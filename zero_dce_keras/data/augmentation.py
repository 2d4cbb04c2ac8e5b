"""Random photometric changes of low-light images: exposure, gamma, white balance, noise.

Each change is a function of images and the numbers drawn for them, made of arithmetic
alone, so that arrays and the tensors of every backend can be changed. None clips:
`augment` does once, at the end.
"""

import functools
import itertools

import numpy as np

from zero_dce_keras.errors import check_not_negative


def change_exposure(images, gains):
    """Return `images · gains`: a gain of 2 is twice as bright.

    Both are float; gains `(B, 1, 1, 1)`.
    """
    return images * gains


def change_gamma(images, exponents):
    """Return `images ** exponents`: above 1 darkens the middle.

    Exponents `(B, 1, 1, 1)`.
    """
    return images**exponents


def change_white_balance(images, gains):
    """Return `images · gains`, a gain for each channel: `(B, 1, 1, 3)`."""
    return images * gains


def add_noise(images, noise):
    """Return `images + noise`, of the images' shape or one that goes with it."""
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
    the same on every backend. A map of `tf.data` knows no epochs: it counts its batches
    on and on, from 0, and every map with the same seed draws the same.

    Crops and flips are not among these changes: `make_dataset` cuts and mirrors a
    photograph and its reference alike, by its own `crop`, `flip`, `rotate` and `seed`.

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
            check_not_negative(name, strength)
        self.seed = seed
        self._calls = itertools.count()  # outside maps

    def draw(self, shape, epoch, batch):
        """Draw the numbers for a batch.

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
        draws = _draws(self.strengths, uniform)
        if self.strengths["noise"]:
            noise = rng.standard_normal(shape, dtype="float32")
            draws["noise"] = draws["noise"] * noise
        return draws

    def __call__(self, low_light, reference=None):
        """Change the low-light images of a float batch, as a map of `tf.data`.

        The n-th batch of a map, over all epochs, takes `draw(shape, 0, n)`, in the
        order in which TensorFlow makes them: map without `num_parallel_calls`, and run
        each epoch to its end.

        Args:
            low_light: float tensor `(B, H, W, 3)` in [0, 1].
            reference: tensor, passed through unchanged. Default: none.

        Returns:
            The changed images, of the same shape and in [0, 1]; with a reference, the
            two as a tuple.

        Raises:
            ValueError: if `low_light` is not a batch.
        """
        import tensorflow as tf  # not by `require`, which AutoGraph would warn about

        low_light = tf.convert_to_tensor(low_light)
        if low_light.shape.rank not in (4, None):  # None: not known in this map
            raise ValueError(
                "low_light must be a batch (B, H, W, 3): map after `dataset.batch`. "
                f"Received: {low_light.shape}"
            )
        draws = {}
        if self:
            # A map is traced once, and so gets a count of its own.
            numbers = itertools.count() if tf.inside_function() else self._calls
            draw = functools.partial(self._draw_next, numbers)
            names = [name for name, strength in self.strengths.items() if strength]
            types = [tf.float32] * len(names)
            arrays = tf.numpy_function(draw, [tf.shape(low_light)], types)
            draws = dict(zip(names, arrays))
        changed = augment(low_light, draws, tf.clip_by_value)
        changed.set_shape(low_light.shape)  # which NumPy's part has hidden
        return changed if reference is None else (changed, reference)

    def _draw_next(self, numbers, shape):
        """Draw for the next batch of a map, in the order of `strengths`."""
        draws = self.draw(tuple(shape), 0, next(numbers))
        return [draws[name] for name in self.strengths if name in draws]

    def __bool__(self):
        """Return whether it changes anything."""
        return any(self.strengths.values())


def _draws(strengths, uniform):
    """Turn `(B, 1, 1, 5)` in [0, 1) into the numbers of `augment`; noise as deviation.

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
            np.ones_like(red),
            factors(strengths["white_balance"], blue),
        ]
        draws["white_balance"] = np.concatenate(gains, axis=-1)
    if strengths["gamma"]:
        draws["gamma"] = factors(strengths["gamma"], gamma)
    if strengths["noise"]:
        draws["noise"] = strengths["noise"] * noise
    return draws
