import keras
import numpy as np
import pytest
from PIL import Image

from zero_dce_keras import Augmentation, make_dataset
from zero_dce_keras.data import Pair, PhotoBatches, find_pairs, read_pairs
from zero_dce_keras.data.epochs import Epochs


def gradient(index):
    """32×48; red counts the rows, green the columns, blue is the image's number."""
    rows, columns = np.mgrid[:32, :48]
    return np.stack([rows, columns, np.full_like(rows, index)], -1).astype("uint8")


@pytest.fixture
def pairs(tmp_path):
    """Five pairs; a reference is the photograph with 100 added."""
    for index in range(5):
        for folder, added in (("low", 0), ("high", 100)):
            (tmp_path / folder).mkdir(exist_ok=True)
            path = tmp_path / folder / f"{index}.png"
            Image.fromarray(gradient(index) + np.uint8(added)).save(path)
    return find_pairs(tmp_path / "low", tmp_path / "high")


def epoch(dataset):
    """The batches of an epoch as tuples of arrays, on any backend."""
    result = [
        tuple(keras.ops.convert_to_numpy(image) for image in as_tuple(batch))
        for batch in dataset
    ]
    if isinstance(dataset, PhotoBatches):
        dataset.on_epoch_end()  # Keras calls it; tf.data needs no call
    return result


def as_tuple(batch):
    return batch if isinstance(batch, tuple) else (batch,)


def batches(dataset):
    """Each batch in 8-bit levels."""
    return [
        tuple(np.rint(255 * image).astype(int) for image in batch)
        for batch in epoch(dataset)
    ]


def order(dataset):
    """The numbers of the images, in the order in which they come."""
    return [int(number) for low, _ in batches(dataset) for number in low[:, 0, 0, 2]]


def test_values(pairs):
    dataset = make_dataset(pairs, image_size=None, batch_size=2)
    assert [low.shape[0] for low, _ in epoch(dataset)] == [2, 2, 1]
    low, high = epoch(dataset)[0]
    assert low.dtype == high.dtype == np.float32
    for values, added in ((low, 0), (high, 100)):
        expected = np.stack([gradient(0), gradient(1)]) + np.float32(added)
        np.testing.assert_allclose(values, expected / 255, rtol=1e-6)


def test_resizes_to_squares(pairs):
    low, high = batches(make_dataset(pairs, image_size=16, batch_size=5))[0]
    assert low.shape == high.shape == (5, 16, 16, 3)
    for index, pair in enumerate(pairs):
        small = Image.open(pair.low_light).resize((16, 16), Image.Resampling.LANCZOS)
        np.testing.assert_array_equal(low[index], np.asarray(small))


def test_without_references(pairs):
    alone = [Pair(pair.low_light) for pair in pairs]
    ((batch,),) = epoch(make_dataset(alone, image_size=16, batch_size=5))
    assert batch.shape == (5, 16, 16, 3)


def test_drop_remainder(pairs):
    dataset = make_dataset(pairs, 16, batch_size=2, drop_remainder=True)
    assert [low.shape[0] for low, _ in epoch(dataset)] == [2, 2]
    assert len(dataset) == 2


def test_order_without_shuffling(pairs):
    dataset = make_dataset(pairs, None, batch_size=2)
    assert order(dataset) == order(dataset) == [0, 1, 2, 3, 4]


def test_order_is_new_every_epoch_and_fixed_by_the_seed(pairs):
    def orders(seed):
        dataset = make_dataset(pairs, None, batch_size=2, shuffle=True, seed=seed)
        return [order(dataset) for _ in range(4)]

    first = orders(seed=7)
    assert all(sorted(epoch) == [0, 1, 2, 3, 4] for epoch in first)
    assert len({tuple(epoch) for epoch in first}) > 1
    assert orders(seed=7) == first
    assert orders(seed=8) != first


def test_crops_are_aligned_inside_and_new_every_epoch(pairs):
    def crops(seed):
        dataset = make_dataset(pairs, 20, batch_size=5, crop=True, seed=seed)
        return [batches(dataset)[0] for _ in range(2)]

    first = crops(seed=7)
    corners = []
    for low, high in first:
        assert low.shape == (5, 20, 20, 3)
        np.testing.assert_array_equal(high, low + 100)
        for image in low:
            top, left, index = image[0, 0]
            window = gradient(index)[top : top + 20, left : left + 20]
            np.testing.assert_array_equal(image, window)
            corners.append((int(top), int(left)))
    assert len(set(corners[:5])) > 1  # images of a batch
    assert corners[:5] != corners[5:]  # epochs
    for one, other in zip(first, crops(seed=7), strict=True):
        np.testing.assert_array_equal(one, other)


def test_flips_are_aligned_and_some(pairs):
    dataset = make_dataset(pairs, None, batch_size=5, flip=True, seed=1)
    flipped = []
    for _ in range(8):
        low, high = batches(dataset)[0]
        np.testing.assert_array_equal(high, low + 100)
        for index, image in enumerate(low):
            is_flipped = bool(image[0, 0, 1] == 47)
            expected = gradient(index)[:, ::-1] if is_flipped else gradient(index)
            np.testing.assert_array_equal(image, expected)
            flipped.append(is_flipped)
    assert 8 <= sum(flipped) <= 32  # of 40


def test_crops_flips_turns_and_mixtures_are_aligned(pairs):
    """100 stay between photograph and reference, whatever is done to both."""
    options = {"crop": True, "flip": True, "rotate": True, "seed": 1}
    for mixup in (False, True):
        dataset = make_dataset(pairs, 20, batch_size=5, mixup=mixup, **options)
        (first,), (second,) = epoch(dataset), epoch(dataset)
        for low, high in (first, second):
            assert low.shape == high.shape == (5, 20, 20, 3)
            np.testing.assert_allclose(high - low, 100 / 255, atol=1e-6)
        assert (first[0] != second[0]).any()
        numbers = first[0][..., 2] * 255  # whole where nothing is mixed
        assert np.allclose(numbers, numbers.round(), atol=1e-3) != mixup
        if not mixup:  # rows run down, up, to the left or to the right
            steps = np.diff(first[0][..., 0] * 255, axis=1)[:, 0, 0].round()
            assert 0 in steps and {1, -1} & set(steps)


def test_crops_come_with_statistics_of_their_image(pairs):
    shapes = []

    def number(image):
        """The whole image's blue, which is its number, and how wide it is."""
        shapes.append(image.shape)
        return np.array([[image[0, 0, 0, 2] * 255, image.shape[2]]], "float32")

    dataset = make_dataset(
        pairs, 16, batch_size=2, shuffle=True, crop=True, statistics=number
    )
    assert shapes == [(1, 32, 48, 3)] * 5
    seen = []
    for (low, statistics), high in dataset:
        assert tuple(low.shape)[1:] == tuple(high.shape)[1:] == (16, 16, 3)
        blue = 255 * keras.ops.convert_to_numpy(low)[:, 0, 0, 2]
        rows = keras.ops.convert_to_numpy(statistics)
        np.testing.assert_allclose(rows[:, 0], blue, atol=1e-4)
        assert (rows[:, 1] == 48).all()
        seen += rows[:, 0].round().tolist()
    assert sorted(seen) == [0, 1, 2, 3, 4]


def test_statistics_are_those_of_the_changed_image(pairs, tmp_path):
    """Crops as large as their images tell what the statistics must be."""
    squares = []
    for number, pair in enumerate(pairs):
        squares.append(Pair(tmp_path / f"{number}.png", tmp_path / f"{number}.png"))
        Image.open(pair.low_light).resize((32, 32)).save(squares[-1].low_light)
    dataset = make_dataset(
        squares,
        32,
        batch_size=2,
        shuffle=True,
        crop=True,
        whole_from=1,  # the second epoch has whole images
        augmentation=Augmentation(
            exposure=1.0, gamma=1.0, white_balance=1.0, noise=0.002
        ),
        statistics=lambda image: np.mean(image, axis=(1, 2)),
    )
    for sizes in ([2, 2, 1], [1, 1, 1]):
        batches = list(dataset)
        assert [len(reference) for _, reference in batches] == sizes
        for (low, means), reference in batches:
            low, means, reference = map(
                keras.ops.convert_to_numpy, (low, means, reference)
            )
            assert abs(means - reference.mean(axis=(1, 2))).max() > 0.005
            np.testing.assert_allclose(means, low.mean(axis=(1, 2)), atol=0.003)
        if hasattr(dataset, "on_epoch_end"):
            dataset.on_epoch_end()


def test_statistics_of_mixtures_are_not_known(pairs):
    with pytest.raises(ValueError, match="mixup must be off .--no-mixup. where crops"):
        make_dataset(pairs, 16, mixup=True, crop=True, statistics=lambda image: image)


def test_different_sizes(pairs, tmp_path):
    """Only one at a time at full size; together when resized or cropped."""
    Image.new("RGB", (60, 40)).save(tmp_path / "wide.png")
    mixed = [Pair(pairs[0].low_light), Pair(tmp_path / "wide.png")]
    single = make_dataset(mixed, image_size=None, batch_size=1)
    assert [x.shape for (x,) in epoch(single)] == [(1, 32, 48, 3), (1, 40, 60, 3)]
    ((resized,),) = epoch(make_dataset(mixed, image_size=16, batch_size=2))
    assert resized.shape == (2, 16, 16, 3)
    ((cropped,),) = epoch(make_dataset(mixed, image_size=16, batch_size=2, crop=True))
    assert cropped.shape == (2, 16, 16, 3)
    with pytest.raises(ValueError, match="batch_size"):
        list(make_dataset(mixed, image_size=None, batch_size=2))


def test_files_are_decoded_once(pairs):
    dataset = make_dataset(pairs, 16, batch_size=5)
    for pair in pairs:
        pair.low_light.unlink()
    assert len(epoch(dataset)) == len(epoch(dataset)) == 1


def test_read_pairs(pairs, tmp_path):
    images = read_pairs(pairs)
    assert [image.shape for image in images] == [(32, 48, 6)] * 5
    np.testing.assert_array_equal(images[3][..., :3], gradient(3))
    Image.new("RGB", (60, 40)).save(tmp_path / "wide.png")
    odd = Pair(pairs[0].low_light, tmp_path / "wide.png")
    with pytest.raises(ValueError, match=r"0\.png .*wide\.png differ in size"):
        read_pairs([odd])
    with pytest.raises(ValueError, match=r"differ in size: \(32, 48\) and \(40, 60\)"):
        read_pairs([odd], image_size=16)  # which both could be stretched to
    (tmp_path / "broken.png").write_bytes(b"not a photograph")
    with pytest.raises(ValueError, match=r"broken\.png"):
        read_pairs([Pair(tmp_path / "broken.png")])


@pytest.mark.parametrize("image_size", [None, 16])
def test_sizes_are_compared_upright(tmp_path, image_size):
    lying = Image.fromarray(gradient(0))
    exif = lying.getexif()
    exif[274] = 6  # to be turned by a quarter
    lying.save(tmp_path / "turned.png", exif=exif)
    lying.transpose(Image.Transpose.ROTATE_270).save(tmp_path / "upright.png")
    pair = Pair(tmp_path / "turned.png", tmp_path / "upright.png")
    (image,) = read_pairs([pair], image_size)
    np.testing.assert_array_equal(image[..., :3], image[..., 3:])


@pytest.mark.parametrize(
    "options, message",
    [
        ({"image_size": 0}, "image_size must be finite and positive. Received: 0"),
        ({"batch_size": 0}, "batch_size must be finite and positive. Received: 0"),
        ({"batch_size": 6, "drop_remainder": True}, "at most the number of images, 5"),
        ({"image_size": 33, "crop": True}, "image_size"),  # rows are 32
        ({"image_size": None, "crop": True}, "image_size"),
    ],
)
def test_errors(pairs, options, message):
    with pytest.raises(ValueError, match=message):
        list(make_dataset(pairs, **options))


def test_no_pairs():
    with pytest.raises(ValueError, match="pairs must not be empty"):
        make_dataset([])


def test_a_later_epoch_can_be_the_first(pairs):
    """As a resumed run needs it: order, crops, mixtures and noise."""

    def make(**kwargs):
        noise = Augmentation(exposure=0.5, noise=0.1)
        options = {"shuffle": True, "crop": True, "flip": True, "mixup": True}
        return make_dataset(pairs, 16, 2, augmentation=noise, **options, **kwargs)

    dataset = make()
    third = [epoch(dataset) for _ in range(3)][2]
    for old, new in zip(third, epoch(make(first_epoch=2)), strict=True):
        np.testing.assert_array_equal(old[0], new[0])
        np.testing.assert_array_equal(old[1], new[1])


@pytest.mark.parametrize("mixup, most", [(True, 3), (False, 0)])
def test_mixtures_are_drawn_once_an_epoch(pairs, monkeypatch, mixup, most):
    """And not at all where nothing is mixed."""
    calls, mixtures = [], Epochs.mixtures
    monkeypatch.setattr(
        Epochs, "mixtures", lambda self, n: calls.append(n) or mixtures(self, n)
    )
    dataset = make_dataset(pairs, image_size=16, batch_size=1, mixup=mixup)
    epoch(dataset), epoch(dataset)
    # Two epochs of five batches; PhotoBatches is ready for the third.
    assert min(most, 2) <= len(calls) <= most
