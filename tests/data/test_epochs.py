"""What an epoch consists of, and that main memory and device give the same."""

import keras
import numpy as np
import pytest

from zero_dce_keras.data import PhotoBatches
from zero_dce_keras.data.epochs import Epochs, cut_out, cut_out_on_device

SHAPES = [(32, 48, 3)] * 5
OPTIONS = {"batch_size": 2, "shuffle": True, "crop_size": 20, "flip": True}


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    return list(rng.integers(0, 256, (5, 32, 48, 6), "uint8"))


def test_an_epoch_depends_on_seed_and_number_alone():
    one, other = Epochs(SHAPES, seed=3, **OPTIONS), Epochs(SHAPES, seed=3, **OPTIONS)
    assert one.batches(7) == other.batches(7)  # without the epochs before it
    assert one.batches(7) != one.batches(8)
    assert one.batches(7) != Epochs(SHAPES, seed=4, **OPTIONS).batches(7)


def test_every_image_once():
    batches = Epochs(SHAPES, **OPTIONS).batches(0)
    assert [len(batch) for batch in batches] == [2, 2, 1]
    assert sorted(cut.index for batch in batches for cut in batch) == [0, 1, 2, 3, 4]
    epochs = Epochs(SHAPES, drop_remainder=True, **OPTIONS)
    assert [len(batch) for batch in epochs.batches(0)] == [2, 2]
    assert epochs.num_batches == 2


def test_crops_reach_every_corner_and_no_further():
    epochs = Epochs([(22, 21, 3)] * 40, batch_size=40, crop_size=20)
    corners = {(cut.top, cut.left) for cut in epochs.batches(0)[0]}
    assert corners == {(top, left) for top in (0, 1, 2) for left in (0, 1)}


def test_crops_of_images_of_different_sizes():
    epochs = Epochs([(20, 20, 3), (40, 20, 3)], batch_size=2, crop_size=20)
    cuts = [epochs.batches(number)[0] for number in range(20)]
    assert {(first.top, first.left) for first, _ in cuts} == {(0, 0)}
    assert len({second.top for _, second in cuts}) > 5


@pytest.mark.skipif(
    keras.backend.backend() == "tensorflow", reason="tf.data feeds TensorFlow"
)
@pytest.mark.parametrize("crop_size", [None, 20])
def test_device_and_main_memory_give_the_same(images, crop_size):
    options = {**OPTIONS, "crop_size": crop_size}
    batches = Epochs([image.shape for image in images], **options).batches(0)
    assert len({cut.mirrored for batch in batches for cut in batch}) == 2
    on_device = keras.ops.convert_to_tensor(np.stack(images))
    for cuts in batches:
        expected = cut_out(images, cuts, crop_size)
        found = cut_out_on_device(on_device, cuts, crop_size)
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(found), expected)


@pytest.mark.skipif(
    keras.backend.backend() == "tensorflow", reason="tf.data feeds TensorFlow"
)
def test_training_on_device_equals_training_from_main_memory(images):
    from zero_dce_keras import ZeroDCE

    histories = []
    for on_device in (False, True):
        keras.utils.set_random_seed(0)
        model = ZeroDCE(filters=4, num_layers=3, num_iterations=2)
        model.compile(learning_rate=1e-3)
        epochs = Epochs([image.shape for image in images], seed=1, **OPTIONS)
        batches = PhotoBatches(images, epochs, on_device=on_device)
        histories.append(model.fit(batches, epochs=3, verbose=0).history)
    assert histories[0] == histories[1]
    assert len(set(histories[0]["total_loss"])) == 3
