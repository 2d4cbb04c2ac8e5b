"""Weights of the well-known notebook and of the example of keras.io."""

import logging

import checks
import h5py
import keras
import numpy as np
import pytest
from keras import layers
from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

from zero_dce_keras import (
    BilateralDCE,
    ZeroDCE,
    ZeroDCEPlusPlus,
    build_dce_net,
    load_model,
)

NOTE = "was not written by this package"


def notebook_network():
    """DCE-Net, connected as the notebook and the example of keras.io are."""

    def convolution(x, filters=32, activation="relu"):
        return layers.Conv2D(
            filters, (3, 3), strides=(1, 1), activation=activation, padding="same"
        )(x)

    image = keras.Input(shape=[None, None, 3])
    conv1 = convolution(image)
    conv2 = convolution(conv1)
    conv3 = convolution(conv2)
    conv4 = convolution(conv3)
    conv5 = convolution(layers.Concatenate(axis=-1)([conv4, conv3]))
    conv6 = convolution(layers.Concatenate(axis=-1)([conv5, conv2]))
    together = layers.Concatenate(axis=-1)([conv6, conv1])
    return keras.Model(image, convolution(together, 24, "tanh"))


@pytest.fixture
def notebook(tmp_path):
    network = notebook_network()
    path = tmp_path / "notebook.weights.h5"
    network.save_weights(path)
    return network, path


def curves(model, images):
    return checks.predict(getattr(model, "dce_model", model), images)


def test_files_of_the_notebook_give_its_curves(notebook, low_light, caplog):
    network, path = notebook
    model = ZeroDCE()
    for opened in (model, load_model(path)):
        caplog.clear()
        if opened is model:
            opened.load_weights(path)
            assert NOTE in caplog.text and str(path) in caplog.text
        difference = curves(opened, low_light) - curves(network, low_light)
        assert np.abs(difference).max() < 1e-6
    model.load_weights(path, order="official")
    difference = curves(model, low_light) - curves(network, low_light)
    assert np.abs(difference).max() > 0.01  # the order matters


def test_files_that_keras_2_wrote(notebook, low_light, tmp_path, caplog):
    network, _ = notebook
    with h5py.File(tmp_path / "notebook.h5", "w") as file:
        save_weights_to_hdf5_group(file, network)
    model = ZeroDCE()
    model.load_weights(tmp_path / "notebook.h5")
    assert NOTE in caplog.text
    difference = curves(model, low_light) - curves(network, low_light)
    assert np.abs(difference).max() < 1e-6


def test_a_file_once_saved_here_is_not_converted_again(notebook, tmp_path, caplog):
    model = load_model(notebook[1])
    caplog.clear()
    model.save_weights(tmp_path / "ours.weights.h5")
    model.dce_model.save_weights(tmp_path / "network.weights.h5")
    build = build_dce_net()
    build.set_weights(model.get_weights())
    build.save_weights(tmp_path / "plain.weights.h5")
    for name in ("ours", "network", "plain"):
        copy = ZeroDCE()
        copy.load_weights(tmp_path / f"{name}.weights.h5")
        for one, other in zip(copy.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other, name)
    assert not caplog.records


def test_order_overrules(tmp_path, caplog):
    model = checks.small_zero_dce()
    model.save_weights(tmp_path / "ours.weights.h5")
    swapped = checks.small_zero_dce()
    swapped.load_weights(tmp_path / "ours.weights.h5", order="notebook")
    kernel = model.dce_model.get_layer("conv_3").kernel.numpy()  # of 3 layers
    halves = np.concatenate([kernel[:, :, 4:], kernel[:, :, :4]], axis=2)
    np.testing.assert_array_equal(swapped.dce_model.get_layer("conv_3").kernel, halves)
    for name in ("conv_1", "conv_2"):
        kept = model.dce_model.get_layer(name).kernel
        np.testing.assert_array_equal(swapped.dce_model.get_layer(name).kernel, kept)
    with pytest.raises(ValueError, match="order must be one of .*'keras'"):
        model.load_weights(tmp_path / "ours.weights.h5", order="keras")
    for other in (ZeroDCEPlusPlus, BilateralDCE):
        with pytest.raises(ValueError, match=f"order is not for {other.__name__}"):
            checks.small_model(other).load_weights("x.weights.h5", order="notebook")
    caplog.set_level(logging.INFO)
    assert not caplog.records
