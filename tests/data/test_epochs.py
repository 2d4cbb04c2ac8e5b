"""What an epoch consists of, and that main memory and device give the same."""

import keras
import numpy as np
import pytest

from zero_dce_keras.data import PhotoBatches
from zero_dce_keras.data.epochs import Cut, Epochs, cut_out, cut_out_on_device, mix

SHAPES = [(32, 48, 3)] * 5
OPTIONS = {
    "batch_size": 2,
    "shuffle": True,
    "crop_size": 20,
    "flip": True,
    "rotate": True,
}


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    return list(rng.integers(0, 256, (5, 32, 48, 6), "uint8"))


def test_an_epoch_depends_on_seed_and_number_alone():
    one, other = Epochs(SHAPES, seed=3, **OPTIONS), Epochs(SHAPES, seed=3, **OPTIONS)
    assert one.batches(7) == other.batches(7)  # without the epochs before it
    assert one.batches(7) != one.batches(8)
    assert one.batches(7) != Epochs(SHAPES, seed=4, **OPTIONS).batches(7)


def test_whole_photographs_at_the_end():
    """One a batch, as many batches as before; what comes before stays as it is."""
    epochs, crops = Epochs(SHAPES, whole_from=3, **OPTIONS), Epochs(SHAPES, **OPTIONS)
    assert epochs.batches(2) == crops.batches(2)
    assert [epochs.crop_size_in(epoch) for epoch in (2, 3)] == [20, None]
    cuts = [
        cut
        for epoch in range(3, 23)
        for batch in epochs.batches(epoch)
        for cut in batch
    ]
    assert len(cuts) == 20 * crops.num_batches
    assert {(cut.top, cut.left) for cut in cuts} == {(0, 0)}
    assert {cut.turns for cut in cuts} == {0, 2}  # no other keeps the shape
    assert {cut.photograph for cut in cuts} == set(range(5))


def test_every_image_once():
    batches = Epochs(SHAPES, **OPTIONS).batches(0)
    assert [len(batch) for batch in batches] == [2, 2, 1]
    assert sorted(cut.photograph for batch in batches for cut in batch) == [
        0,
        1,
        2,
        3,
        4,
    ]
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


def test_every_turn_is_drawn_and_changes_nothing_else():
    options = {**OPTIONS, "batch_size": 400}
    shapes = [(32, 48, 3)] * 400
    cuts = Epochs(shapes, **options).batches(0)[0]
    counts = np.bincount([cut.turns for cut in cuts])
    assert len(counts) == 4 and (counts > 70).all()
    plain = Epochs(shapes, **{**options, "rotate": False}).batches(0)[0]
    assert plain == [cut._replace(turns=0) for cut in cuts]


@pytest.mark.parametrize("turns", range(4))
def test_a_cut_is_cropped_mirrored_and_turned_with_its_reference(images, turns):
    part = images[3][5:25, 7:27][:, ::-1]
    for _ in range(turns):  # to the left: the right column becomes the top row
        part = part.transpose(1, 0, 2)[::-1]
    cuts = [Cut(3, 5, 7, True, turns)]
    np.testing.assert_array_equal(cut_out(images, cuts, 20)[0], part)


def test_only_squares_are_turned():
    with pytest.raises(ValueError, match="rotate needs squares.* image of 32×48"):
        Epochs(SHAPES, batch_size=1, rotate=True)


def test_squares_that_are_not_cropped_are_turned():
    cuts = Epochs([(32, 32, 3)] * 20, batch_size=20, rotate=True).batches(0)[0]
    assert {cut.turns for cut in cuts} == {0, 1, 2, 3}


def test_mixtures_depend_on_seed_and_number_alone():
    def shares(seed, number):
        mixtures = Epochs(SHAPES, seed=seed, **OPTIONS).mixtures(number)
        return np.concatenate([shares for _, shares in mixtures])

    np.testing.assert_array_equal(shares(3, 7), shares(3, 7))
    for other in (shares(3, 8), shares(4, 7)):
        assert (shares(3, 7) != other).all()


def test_mixtures_are_permutations_and_beta_shares():
    mixtures = Epochs(SHAPES, **OPTIONS).mixtures(0)
    assert [sorted(partners) for partners, _ in mixtures] == [[0, 1], [0, 1], [0]]
    ((partners, shares),) = Epochs([(32, 48, 3)] * 4000, batch_size=4000).mixtures(0)
    assert sorted(partners) == list(range(4000)) != list(partners)
    assert shares.dtype == np.float32 and 0 <= shares.min() and shares.max() <= 1
    # Beta(1.2, 1.2) has the variance 1 / (4 · 3.4); a uniform distribution 1 / 12.
    assert abs(shares.mean() - 0.5) < 0.02
    assert abs(shares.var() - 0.0735) < 0.005


def test_mix_takes_photograph_and_reference_alike():
    batch = np.float32([[0, 10], [1, 20], [4, 40]]).reshape(3, 1, 1, 2)
    mixed = mix(batch, np.array([2, 1, 0]), np.float32([0.5, 0.3, 0]))
    np.testing.assert_allclose(mixed.reshape(3, 2), [[2, 25], [1, 20], [0, 10]])


@pytest.mark.skipif(
    keras.backend.backend() == "tensorflow", reason="tf.data feeds TensorFlow"
)
@pytest.mark.parametrize("crop_size", [None, 20])
def test_device_and_main_memory_give_the_same(images, crop_size):
    options = {**OPTIONS, "crop_size": crop_size, "rotate": crop_size is not None}
    batches = Epochs([image.shape for image in images], **options).batches(0)
    assert len({cut.mirrored for batch in batches for cut in batch}) == 2
    turns = {cut.turns for batch in batches for cut in batch}
    assert len(turns) > 2 if crop_size else turns == {0}
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
