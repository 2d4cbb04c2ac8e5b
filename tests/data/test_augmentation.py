import keras
import numpy as np
import pytest

from zero_dce_keras import Augmentation, make_dataset
from zero_dce_keras.data import Pair, PhotoBatches, augment
from zero_dce_keras.data.augmentation import (
    add_noise,
    change_exposure,
    change_gamma,
    change_white_balance,
)

SHAPE = (6, 8, 12, 3)
EVERYTHING = {"exposure": 1.0, "gamma": 0.5, "white_balance": 0.3, "noise": 0.1}


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.fixture
def images():
    return np.random.default_rng(0).random(SHAPE, dtype="float32")


# Closed forms


def test_changes(images):
    half = np.full((6, 1, 1, 1), 0.5, "float32")
    np.testing.assert_array_equal(change_exposure(images, half), images / 2)
    np.testing.assert_allclose(change_gamma(images, half), np.sqrt(images), 1e-6)
    gains = np.tile(np.float32([2, 1, 0.5]), (6, 1, 1, 1))
    balanced = change_white_balance(images, gains)
    np.testing.assert_array_equal(balanced[..., 0], 2 * images[..., 0])
    np.testing.assert_array_equal(balanced[..., 1], images[..., 1])
    np.testing.assert_array_equal(balanced[..., 2], images[..., 2] / 2)
    np.testing.assert_array_equal(add_noise(images, 0.25), images + 0.25)


def test_the_order_of_a_camera_and_one_clip():
    grey = np.full((1, 1, 1, 3), 0.2, "float32")
    draws = {
        "noise": np.float32([0.1]).reshape(1, 1, 1, 1),
        "gamma": np.float32([2]).reshape(1, 1, 1, 1),
        "exposure": np.float32([3]).reshape(1, 1, 1, 1),
        "white_balance": np.float32([[[[0.5, 1, 9]]]]),
    }
    expected = [(0.2 * 3 * 0.5) ** 2 + 0.1, (0.2 * 3) ** 2 + 0.1, 1]
    np.testing.assert_allclose(numpy(augment(grey, draws))[0, 0, 0], expected, 1e-5)
    draws["noise"] = -5 * draws["noise"]
    assert numpy(augment(grey, draws)).min() == 0


def test_no_strength_is_the_identity(images):
    augmentation = Augmentation()
    assert not augmentation and Augmentation(gamma=0.1)
    assert augmentation.draw(SHAPE, 0, 0) == {}
    np.testing.assert_array_equal(numpy(augment(images, {})), images)


# What is drawn


def test_ranges():
    """Factors from 1/(1+s) to 1+s, half of them below 1; green is left alone."""
    augmentation = Augmentation(**EVERYTHING)
    draws = augmentation.draw((4000, 1, 1, 3), 0, 0)
    for name, strength in (("exposure", 1.0), ("gamma", 0.5)):
        factors = draws[name]
        assert factors.shape == (4000, 1, 1, 1) and factors.dtype == np.float32
        assert factors.min() == pytest.approx(1 / (1 + strength), rel=0.01)
        assert factors.max() == pytest.approx(1 + strength, rel=0.01)
        assert np.median(factors) == pytest.approx(1, abs=0.05)
    red, green, blue = np.moveaxis(draws["white_balance"][:, 0, 0], -1, 0)
    assert (green == 1).all()
    assert abs(np.corrcoef(red, blue)[0, 1]) < 0.05
    assert red.max() == pytest.approx(1.3, rel=0.01)
    # Deviations are uniform in [0, 0.1]: the mean square is a third of 0.1².
    assert draws["noise"].shape == (4000, 1, 1, 3)
    assert np.mean(draws["noise"] ** 2) == pytest.approx(0.01 / 3, rel=0.1)


def test_draws_depend_on_seed_epoch_and_batch_alone():
    one, other = Augmentation(**EVERYTHING, seed=3), Augmentation(**EVERYTHING, seed=3)
    first = one.draw(SHAPE, 7, 2)
    one.draw(SHAPE, 7, 3)
    for name, array in other.draw(SHAPE, 7, 2).items():
        np.testing.assert_array_equal(first[name], array)
    elsewhere = Augmentation(**EVERYTHING, seed=4).draw(SHAPE, 7, 2)
    for draws in (elsewhere, one.draw(SHAPE, 8, 2), one.draw(SHAPE, 7, 3)):
        assert all((draws[name] != first[name]).any() for name in first)


def test_a_change_is_the_same_whichever_others_are_on():
    together = Augmentation(**EVERYTHING).draw(SHAPE, 0, 0)
    for name, strength in EVERYTHING.items():
        alone = Augmentation(**{name: strength}).draw(SHAPE, 0, 0)
        assert list(alone) == [name]
        np.testing.assert_array_equal(alone[name], together[name])


@pytest.mark.parametrize("strength", [-0.1, float("nan"), float("inf")])
def test_errors(strength):
    with pytest.raises(ValueError, match="gamma must be .*Received"):
        Augmentation(gamma=strength)


# In the pipeline


@pytest.fixture
def pairs(photo_folder):
    folder = photo_folder([f"{i}.png" for i in range(5)])
    return [Pair(path, path) for path in sorted(folder.glob("*.png"))]


def epoch(dataset):
    result = [tuple(numpy(part) for part in batch) for batch in dataset]
    if isinstance(dataset, PhotoBatches):
        dataset.on_epoch_end()
    return result


def test_the_pipeline_changes_low_light_images_by_what_is_drawn(pairs):
    """So every backend gets the same: the draws are NumPy's."""
    augmentation = Augmentation(**EVERYTHING, seed=5)
    options = {"image_size": 16, "batch_size": 2, "shuffle": True, "seed": 5}
    plain = make_dataset(pairs, **options)
    changed = make_dataset(pairs, **options, augmentation=augmentation)
    for number in range(2):
        batches = zip(epoch(plain), epoch(changed), strict=True)
        for index, ((low, high), (new_low, new_high)) in enumerate(batches):
            np.testing.assert_array_equal(new_high, high)
            draws = augmentation.draw(low.shape, number, index)
            expected = numpy(augment(low, draws))
            np.testing.assert_allclose(new_low, expected, atol=1e-6)
            assert np.abs(new_low - low).mean() > 0.01
            assert new_low.min() >= 0 and new_low.max() <= 1


def test_photographs_alone_of_any_size(pairs):
    alone = [Pair(pair.low_light) for pair in pairs]
    dataset = make_dataset(
        alone, None, batch_size=1, augmentation=Augmentation(noise=0.1)
    )
    shapes = [
        numpy(batch[0] if isinstance(batch, tuple) else batch).shape
        for batch in dataset
    ]
    assert shapes == [(1, 32, 48, 3)] * 5


def test_no_strength_is_the_plain_pipeline(pairs):
    plain = epoch(make_dataset(pairs, 16, 5))
    nothing = epoch(make_dataset(pairs, 16, 5, augmentation=Augmentation()))
    np.testing.assert_array_equal(plain[0][0], nothing[0][0])


# As a map of tf.data


def mapped(images, seed=7, epochs=2, **strengths):
    tf = pytest.importorskip("tensorflow")
    dataset = tf.data.Dataset.from_tensor_slices(images).batch(2)
    dataset = dataset.map(Augmentation(**strengths, seed=seed))
    return [np.concatenate([batch.numpy() for batch in dataset]) for _ in range(epochs)]


def test_maps_of_one_augmentation_are_alike_and_quiet(images, caplog):
    """Even where they are read in turn. AutoGraph warns once a process: the first map."""
    tf = pytest.importorskip("tensorflow")
    tf.get_logger().addHandler(caplog.handler)
    try:
        dataset = tf.data.Dataset.from_tensor_slices(images).batch(2)
        augmentation = Augmentation(**EVERYTHING)
        maps = [dataset.map(augmentation) for _ in range(2)]
    finally:
        tf.get_logger().removeHandler(caplog.handler)
    assert not caplog.records
    for one, other in zip(*maps, strict=True):
        np.testing.assert_array_equal(one, other)
    assert maps[0].element_spec.shape.as_list() == [None, *SHAPE[1:]]


def test_map_is_reproducible_and_new_every_epoch(images):
    first, second = mapped(images, **EVERYTHING)
    again = mapped(images, **EVERYTHING)
    np.testing.assert_array_equal(first, again[0])
    np.testing.assert_array_equal(second, again[1])
    assert (first != second).mean() > 0.5
    assert (first != mapped(images, seed=8, **EVERYTHING)[0]).mean() > 0.5
    for changed in (first, second):
        assert changed.shape == SHAPE and changed.dtype == np.float32
        assert changed.min() >= 0 and changed.max() <= 1


@pytest.mark.parametrize("strengths", [EVERYTHING, {"noise": 0.1}, {"gamma": 0.5}, {}])
def test_map_takes_one_draw_after_another(images, strengths):
    """Three batches an epoch; those of the second epoch are numbers 3, 4 and 5."""
    augmentation = Augmentation(**strengths, seed=7)
    for number, changed in enumerate(mapped(images, **strengths)):
        for index in range(3):
            batch = slice(2 * index, 2 * index + 2)
            draws = augmentation.draw((2, *SHAPE[1:]), 0, 3 * number + index)
            expected = numpy(augment(images[batch], draws))
            np.testing.assert_allclose(changed[batch], expected, atol=1e-6)


def test_map_of_single_images_is_refused(images):
    tf = pytest.importorskip("tensorflow")
    dataset = tf.data.Dataset.from_tensor_slices(images)
    with pytest.raises(ValueError, match=r"low_light must be a batch .*\(8, 12, 3\)"):
        dataset.map(Augmentation(exposure=1.0))


def test_map_of_pairs_leaves_references(images):
    tf = pytest.importorskip("tensorflow")
    dataset = tf.data.Dataset.from_tensor_slices((images, images)).batch(3)
    for low, high in dataset.map(Augmentation(exposure=1.0)):
        assert (low.numpy() != high.numpy()).any()
        assert (high.numpy() == images[:3]).all() or (high.numpy() == images[3:]).all()
