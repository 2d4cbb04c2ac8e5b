"""What parts of photographs cannot show of the whole."""

import keras
import numpy as np

from zero_dce_keras.data.augmentation import augment


class Statistics:
    """Statistics of whole low-light images, as they are when parts of them are changed.

    Args:
        images: list of uint8 arrays `(H, W, 3)`, or `(H, W, 6)` with the reference
            behind the photograph.
        measure: function from an image `(1, H, W, 3)` in [0, 1] to an array `(1, …)`.

    Attributes:
        shape: of a photograph's statistics.
    """

    def __init__(self, images, measure):
        self._images = images
        self._measure = measure
        self._unchanged = np.stack([self._of(n, {}) for n in range(len(images))])
        self.shape = self._unchanged.shape[1:]

    def of(self, cuts, draws):
        """Return the statistics `(B, …)` of the photographs that a batch is cut out of.

        Args:
            cuts: list of `Cut`.
            draws: what `Augmentation.draw` gave for the batch. Noise, which no mean over
                many pixels shows, is left out.
        """
        photographs = [cut.photograph for cut in cuts]
        draws = {name: draws[name] for name in draws if name != "noise"}
        if not draws:
            return self._unchanged[photographs]
        rows = [
            self._of(photograph, {name: draws[name][n : n + 1] for name in draws})
            for n, photograph in enumerate(photographs)
        ]
        return np.stack(rows)

    def _of(self, photograph, draws):
        """Measure a photograph after the changes of which the numbers are `draws`."""
        values = np.arange(256, dtype="float32").reshape(1, 256, 1, 1) / 255
        tables = augment(np.repeat(values, 3, axis=-1), draws, np.clip)
        low_light = self._images[photograph][..., :3]
        changed = np.stack(
            [tables[0, :, 0, channel][low_light[..., channel]] for channel in range(3)],
            axis=-1,
        )
        return keras.ops.convert_to_numpy(self._measure(changed[None]))[0]
