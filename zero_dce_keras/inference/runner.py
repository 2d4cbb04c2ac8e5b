"""Running a model over images of any size, whole or in tiles."""

import itertools
import operator

import keras
import numpy as np

from zero_dce_keras.devices import is_out_of_memory
from zero_dce_keras.images import cut_image, cut_side, to_float
from zero_dce_keras.inference.arrays import to_dtype
from zero_dce_keras.models.exposure_normalization import cell_size

TILE = 512
LARGEST_WHOLE = 2**20  # pixels of an image that is not cut unless asked for
# Where the model sees the whole image, tiles fade into each other over twice an eighth of
# them, and no less than twice this many pixels: by what is around, two tiles of one flat
# sky may differ by a level or two, which shows the less the farther it is spread.
OVERLAP = 32


class Runner:
    """A model as compiled functions, whole images or tiles in, enhanced ones out.

    Args:
        model: a model of the package.
    """

    def __init__(self, model):
        self.model = model
        self._functions = {}  # by what they compute

    def enhance(self, images, options):
        """Enhance a batch `(B, H, W, 3)` of any dtype; the same dtype back.

        Args:
            images: array.
            options: `EnhanceOptions`.
        """
        gains = options.gains
        if gains is not None:
            gains = np.reshape(np.float32(gains), (1, 1, 1, -1))
        arguments = self._denoise(options)
        if self.model.has_curves:
            arguments["num_iterations"] = options.iterations
            arguments["strength"] = np.float32([options.strength])
        tile = self._tile(options.tile, *images.shape[1:3])
        if tile == 0:
            shared = None if gains is None else np.repeat(gains, len(images), axis=0)
            enhanced = self._run("enhance", images, arguments, shared)
            return to_dtype(enhanced, images.dtype)
        enhanced = np.empty_like(images)
        tell = _counting(options.progress, len(images))
        for image, target in zip(images, enhanced, strict=True):
            if self.model.context is None:
                self._blend(image, target, arguments, tile, gains, tell)
            else:
                self._cut("enhance", image, [target], arguments, tile, gains, tell=tell)
        return enhanced

    def estimate(self, image, options):
        """Return what the curves of an image `(H, W, 3)` are applied to, and their maps.

        Args:
            image: array.
            options: `EnhanceOptions`.
        """
        arguments = self._denoise(options)
        tile = self._tile(options.tile, *image.shape[:2])
        if tile == 0 or self.model.context is None:
            results = self._run("estimate", image[None], arguments)
            return [result[0] for result in results]
        height, width = image.shape[:2]
        channels = 3, self.model.num_maps * 3
        results = [np.empty((height, width, c), "float32") for c in channels]
        tell = _counting(options.progress, 1)
        self._cut("estimate", image, results, arguments, tile, tell=tell)
        return results

    def _tile(self, tile, height, width):
        """Return the side of a tile; 0 for the whole image at once."""
        if not self.model.can_be_tiled:
            return 0
        if tile is None:
            tile = TILE if height * width > LARGEST_WHOLE else 0
        return 0 if tile >= max(height, width) else tile

    def _denoise(self, options):
        can_denoise = self.model.can_denoise
        return {"denoise": options.denoise is not False} if can_denoise else {}

    def _cut(self, method, image, targets, arguments, tile, gains=None, *, tell):
        """Fill the targets by tiles that see as far as the model does.

        The result is exactly that of the whole image.
        """
        gains = self.gains(image) if gains is None else gains
        context, grid = self.model.context, self.model.grid
        height, width = image.shape[:2]
        for rows, columns in tell(cut_image(height, width, tile, context, grid)):
            part = image[None, rows.seen, columns.seen]
            results = self._run(method, part, arguments, gains)
            for target, result in zip(targets, _as_list(results), strict=True):
                target[rows.kept, columns.kept] = to_dtype(
                    result[0, rows.inner, columns.inner], target.dtype
                )

    def _blend(self, image, target, arguments, tile, gains, tell):
        """Blend tiles of a model that sees the whole image: they fade into each other.

        A row of tiles at a time: what no further row reaches is written to the target.
        """
        gains = self.gains(image) if gains is None else gains
        height, width = image.shape[:2]
        overlap = max(OVERLAP, tile // 8)
        grid = self.model.grid
        starts = [rows.start for rows in cut_side(height, tile, overlap, grid)]
        ends = itertools.chain(starts[1:], [height])
        kept = np.zeros((0, width, 4), "float32")  # weighted colours, and the weights
        tiles = tell(cut_image(height, width, tile, overlap, grid))
        for rows, in_row in itertools.groupby(tiles, operator.itemgetter(0)):
            sums = np.zeros((rows.stop - rows.start, width, 4), "float32")
            sums[: len(kept)] = kept
            for _, columns in in_row:
                part = image[None, rows.seen, columns.seen]
                result = self._run("enhance", part, arguments, gains)[0]
                weight = _fade(rows, height, overlap)[:, None, None]
                weight = weight * _fade(columns, width, overlap)[:, None]
                sums[:, columns.seen, :3] += weight * result
                sums[:, columns.seen, 3:] += weight
            done, kept = np.split(sums, [next(ends) - rows.start])
            enhanced = to_dtype(done[..., :3] / done[..., 3:], target.dtype)
            target[rows.start : rows.start + len(done)] = enhanced

    def gains(self, image):
        """Return the statistics `(1, 1, 1, n)` that parts of an image need, or `None`."""
        if not self.model.num_gains:
            return None
        cells = _block_means(image, cell_size(*image.shape[:2]))
        return keras.ops.convert_to_numpy(self.model.gains_of_cells(cells[None]))

    def _run(self, method, images, arguments, gains=None):
        """Call a method of the model on images `(B, H, W, 3)`, compiled."""
        inputs = {"images": to_float(images)}
        if gains is not None:
            inputs["gains"] = gains
        settings = dict(arguments)
        if "strength" in settings:
            inputs["strength"] = np.repeat(settings.pop("strength"), len(images))
        key = method, *settings.items(), *inputs
        if key not in self._functions:
            self._functions[key] = _compile(self.model, method, settings, inputs)
        try:
            return self._functions[key].predict_on_batch(inputs)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            count, height, width = images.shape[:3]
            raise MemoryError(
                f"out of memory: {count} image(s) of {width}×{height} at once. Give "
                "fewer or smaller ones, or a smaller tile"
            ) from error


def _compile(model, method, settings, inputs):
    """Return a method as a Keras model, which is compiled on any backend.

    Only the images travel to the device and back, not the curve maps.
    """
    gains = (1, 1, model.num_gains)
    shapes = {"images": (None, None, 3), "gains": gains, "strength": ()}
    symbols = {name: keras.Input(shapes[name], name=name) for name in inputs}
    arguments = dict(symbols)
    images = arguments.pop("images")
    enhanced = getattr(model, method)(images, **arguments, **settings)
    return keras.Model(symbols, enhanced)


def _counting(progress, images):
    """Return a function that yields the tiles of one of the images, and tells of each.

    Args:
        progress: as of `EnhanceOptions`, or None.
        images: how many there are, all of one size.
    """
    done = itertools.count(1)

    def tell(tiles):
        tiles = list(tiles)
        for tile in tiles:
            yield tile
            if progress is not None:
                progress(next(done), images * len(tiles))

    return tell


def _as_list(results):
    return results if isinstance(results, (list, tuple)) else [results]


def _fade(span, length, overlap):
    """Return weights of rows or columns, which rise and fall where tiles overlap."""
    places = np.arange(span.start, span.stop, dtype="float32") + 0.5
    weights = np.ones_like(places)
    if span.start > 0:
        weights = np.minimum(weights, (places - span.start) / (2 * overlap))
    if span.stop < length:
        weights = np.minimum(weights, (span.stop - places) / (2 * overlap))
    return weights * weights * (3 - 2 * weights)  # without edges where a fade begins


def _block_means(image, size):
    """Average the blocks of `size`×`size` pixels of `(H, W, C)`, a row at a time."""
    height, width = image.shape[:2]
    starts = np.arange(0, width, size)
    columns = np.minimum(size, width - starts)[:, None]
    rows = []
    for row in range(0, height, size):
        band = to_float(image[row : row + size])
        sums = np.add.reduceat(band.sum(axis=0, dtype="float32"), starts, axis=0)
        rows.append(sums / (len(band) * columns))
    return np.stack(rows)
