import checks
import keras
import numpy as np
import pytest

from zero_dce_keras.losses import PerceptionLoss, build_vgg_features, perception


def noise(seed, batch=2):
    rng = np.random.default_rng(seed)
    return rng.random((batch, 16, 24, 3), dtype="float32")


def test_the_activations_are_those_of_relu4_3():
    """Ten convolutions and three poolings; the eleventh is not in it."""
    features = build_vgg_features(weights=None)
    assert features.compute_output_shape((2, 16, 24, 3)) == (2, 2, 3, 512)
    assert features.layers[-1].layers[-1].activation is keras.activations.relu
    assert features.count_params() == 7_635_264
    assert not features.trainable_weights


@pytest.fixture
def small_vgg(monkeypatch):
    """A network of one layer in place of VGG16, which takes seconds to make."""

    def make(include_top, weights, input_shape):
        images = keras.Input(input_shape)
        layer = keras.layers.Conv2D(4, 3, activation="relu", name="block4_conv3")
        model = keras.Model(images, layer(images))
        if weights is not None:
            model.load_weights(weights)
        return model

    monkeypatch.setattr(keras.applications, "VGG16", make)
    return make(False, None, (None, None, 3))


def test_the_network_gets_bgr_around_the_means_of_imagenet(small_vgg):
    features = build_vgg_features(weights=None)
    small_vgg.set_weights(features.get_weights())
    pixels = keras.applications.vgg16.preprocess_input(255 * noise(0))
    expected, found = map(
        keras.ops.convert_to_numpy, (small_vgg(pixels), features(noise(0)))
    )
    assert found.max() > 1
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_one_value_an_image(small_vgg):
    features = build_vgg_features(weights=None)
    reference, enhanced = noise(1), noise(2)
    together = np.asarray(perception(reference, enhanced, features))
    assert together.shape == (2,) and (together > 0).all()
    alone = perception(reference[1:], enhanced[1:], features)
    np.testing.assert_allclose(alone, together[1:], rtol=1e-3)
    same = np.asarray(perception(reference, reference, features))
    np.testing.assert_array_equal(same, [0, 0])


def test_closed_form():
    values = perception(
        np.zeros((2, 4, 4, 3), "float32"),
        np.full((2, 4, 4, 3), 0.5, "float32"),
        lambda images: 2 * keras.ops.convert_to_tensor(images),
    )
    np.testing.assert_allclose(values, [1, 1])


def test_gradient_reaches_the_image(small_vgg):
    features = build_vgg_features(weights=None)
    gradient = checks.gradient(
        lambda enhanced: perception(noise(1), enhanced, features), noise(2)
    )
    assert np.isfinite(gradient).all() and (gradient != 0).any()


def test_class_and_round_trip(small_vgg):
    loss = PerceptionLoss(weights=None, reduction=None)
    copy = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(loss)
    )
    assert type(copy) is PerceptionLoss and copy.get_config() == loss.get_config()
    copy.features.set_weights(loss.features.get_weights())
    expected = np.asarray(perception(noise(1), noise(2), loss.features))
    np.testing.assert_allclose(copy(noise(1), noise(2)), expected, rtol=1e-4)


def test_without_the_file_of_imagenet(monkeypatch):
    """One line that says how to get it."""

    def fail(*_, **__):
        raise Exception("URL fetch failure on https://storage: None --\nunreachable")  # noqa: TRY002

    monkeypatch.setattr(keras.applications, "VGG16", fail)
    with pytest.raises(
        ValueError, match=r"vgg16_weights.*~/.keras/models.*weights="
    ) as error:
        PerceptionLoss()
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ValueError, match=r"none\.h5.*weights="):
        build_vgg_features(tmp_path / "none.h5")


def test_a_file_of_weights(small_vgg, tmp_path):
    path = tmp_path / "vgg.weights.h5"
    small_vgg.save_weights(path)
    loaded = build_vgg_features(path)
    for one, other in zip(loaded.get_weights(), small_vgg.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    loss = PerceptionLoss(path)
    assert loss.get_config()["weights"] == str(path)
