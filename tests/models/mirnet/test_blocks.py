"""The blocks alone: shapes, closed forms, and what each must leave as it is."""

import keras
import numpy as np
import pytest

import zero_dce_keras
from zero_dce_keras.models.mirnet.blocks import PlainResidualGroup
from zero_dce_keras.models.mirnet.layers import CropLike, PadToMultiple
from zero_dce_keras.models.mirnet.resampling import (
    ResidualDownSample,
    ResidualUpSample,
    blur_and_halve,
    count_steps,
    double,
)

CHANNELS = 8
BLOCKS = {
    "ChannelPooling": (zero_dce_keras.ChannelPooling, (32, 48, 2)),
    "SpatialAttention": (zero_dce_keras.SpatialAttention, (32, 48, 8)),
    "ChannelAttention": (lambda: zero_dce_keras.ChannelAttention(8), (32, 48, 8)),
    "DualAttentionUnit": (lambda: zero_dce_keras.DualAttentionUnit(8), (32, 48, 8)),
    "DownSample": (lambda: zero_dce_keras.DownSample(8, 4), (8, 12, 32)),
    "UpSample": (lambda: zero_dce_keras.UpSample(8, 4), (128, 192, 2)),
    "ResidualDownSample": (lambda: ResidualDownSample(8), (16, 24, 16)),
    "ResidualUpSample": (lambda: ResidualUpSample(8), (64, 96, 4)),
    "MultiScaleResidualBlock": (
        lambda: zero_dce_keras.MultiScaleResidualBlock(8),
        (32, 48, 8),
    ),
    "RecursiveResidualGroup": (
        lambda: zero_dce_keras.RecursiveResidualGroup(2, 8),
        (32, 48, 8),
    ),
    "PlainResidualGroup": (lambda: PlainResidualGroup(2, 8), (32, 48, 8)),
}


def features(channels=CHANNELS, size=(32, 48), seed=0):
    return np.random.default_rng(seed).random((2, *size, channels), dtype="float32")


def to_numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.mark.parametrize("make, shape", BLOCKS.values(), ids=BLOCKS)
def test_shape_and_serialization(make, shape):
    """A copy made from the configuration, given the weights, computes the same."""
    layer, images = make(), features()
    output = to_numpy(layer(images))
    assert output.shape == (2, *shape) and np.isfinite(output).all()
    copy = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(layer)
    )
    copy.build(images.shape)
    assert copy.built and copy.get_config() == layer.get_config()
    copy.set_weights(layer.get_weights())
    np.testing.assert_array_equal(to_numpy(copy(images)), output)


@pytest.mark.parametrize("make, shape", BLOCKS.values(), ids=BLOCKS)
def test_mixed_precision_reaches_every_part(make, shape):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layer = make()
    finally:
        keras.config.set_dtype_policy("float32")
    policies = {part.compute_dtype for part in layer._flatten_layers()}
    assert policies == {"bfloat16"}


def test_channel_pooling_is_maximum_and_mean():
    pooled = to_numpy(zero_dce_keras.ChannelPooling()(features()))
    np.testing.assert_allclose(pooled[..., 0], features().max(-1))
    np.testing.assert_allclose(pooled[..., 1], features().mean(-1), rtol=1e-6)


def test_attention_of_nothing_known_is_a_half():
    """Kernels of zero give sigmoid(0) for every place and channel."""
    for layer in (
        zero_dce_keras.SpatialAttention(),
        zero_dce_keras.ChannelAttention(8),
    ):
        layer.build((None, None, None, 8))
        layer.set_weights([0 * weight for weight in layer.get_weights()])
        np.testing.assert_allclose(to_numpy(layer(features())), features() / 2)


def test_spatial_attention_sees_five_by_five_pixels():
    layer = zero_dce_keras.SpatialAttention()
    images = features()
    before = to_numpy(layer(images))
    images[:, 10, 20] += 1
    changed = (to_numpy(layer(images)) != before).any(axis=(0, 3))
    rows, columns = np.nonzero(changed)
    assert (rows.min(), rows.max()) == (8, 12)
    assert (columns.min(), columns.max()) == (18, 22)


def test_fusion_weights_add_up_to_one_across_streams():
    """And not over the channels, as the keras.io example has it."""
    fusion = zero_dce_keras.SelectiveKernelFeatureFusion(CHANNELS)
    streams = [features(seed=seed) for seed in range(3)]
    fusion(streams)
    weights = [to_numpy(weight) for weight in fusion.stream_weights(streams)]
    assert {weight.shape for weight in weights} == {(2, 1, 1, CHANNELS)}
    np.testing.assert_allclose(sum(weights), np.ones((2, 1, 1, CHANNELS)), rtol=1e-6)
    assert np.std(weights[0]) > 1e-3  # they are not all a third
    expected = sum(weight * stream for weight, stream in zip(weights, streams))
    np.testing.assert_allclose(to_numpy(fusion(streams)), expected, rtol=1e-5)


def test_dual_attention_unit_adds_to_its_input():
    unit = zero_dce_keras.DualAttentionUnit(CHANNELS)
    unit(features())
    unit.merge.set_weights([0 * weight for weight in unit.merge.get_weights()])
    np.testing.assert_array_equal(to_numpy(unit(features())), features())


def test_blur_keeps_constants_and_takes_what_would_alias():
    constant = np.full((1, 7, 10, 2), 0.3, "float32")
    halved = to_numpy(blur_and_halve(constant))
    np.testing.assert_allclose(halved, np.full((1, 4, 5, 2), 0.3), rtol=1e-6)
    board = np.indices((8, 12)).sum(0) % 2
    halved = to_numpy(blur_and_halve(board.astype("float32")[None, :, :, None]))
    np.testing.assert_array_equal(halved, np.full((1, 4, 6, 1), 0.5))


def test_blur_by_hand():
    row = np.float32([1, 2, 4, 8]).reshape(1, 1, 4, 1).repeat(2, axis=1)
    halved = to_numpy(blur_and_halve(row))[0, 0, :, 0]
    np.testing.assert_allclose(halved, [(2 + 2 + 2) / 4, (2 + 8 + 8) / 4])


def test_double_is_linear_between_pixels():
    constant = np.full((1, 3, 5, 2), 0.3, "float32")
    np.testing.assert_allclose(
        to_numpy(double(constant)), np.full((1, 6, 10, 2), 0.3), rtol=1e-6
    )
    ramp = np.arange(5, dtype="float32").reshape(1, 1, 5, 1).repeat(2, axis=1)
    doubled = to_numpy(double(ramp))[0, 1, :, 0]
    np.testing.assert_allclose(doubled[1:-1], np.arange(0.25, 4, 0.5))
    assert (doubled[0], doubled[-1]) == (0, 4)


def test_up_samples_transposed_convolution_is_pytorchs():
    """padding=1, output_padding=1: pixel i reaches 2i − 1 … 2i + 1."""
    step = ResidualUpSample(2)
    step.build((None, None, None, 2))
    step.set_weights([np.ones_like(weight) for weight in step.get_weights()])
    step.shortcut.set_weights([0 * weight for weight in step.shortcut.get_weights()])
    images = np.zeros((1, 4, 6, 2), "float32")
    images[0, 1, 2] = 1
    rows, columns = np.nonzero(to_numpy(step(images))[0, :, :, 0])
    assert (rows.min(), rows.max()) == (1, 3)
    assert (columns.min(), columns.max()) == (3, 5)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (5, 7), (8, 12)])
def test_padding_reflects_and_cropping_takes_it_away(size):
    images = features(3, size)
    padded = to_numpy(PadToMultiple(4)(images))
    assert padded.shape == (2, *[-(-side // 4) * 4 for side in size], 3)
    padding = [[0, 0], *[[0, -side % 4] for side in size], [0, 0]]
    np.testing.assert_array_equal(padded, np.pad(images, padding, mode="reflect"))
    np.testing.assert_array_equal(to_numpy(CropLike()(padded, images)), images)


@pytest.mark.parametrize("factor", [-2, 0, 1, 3, 6])
def test_factor_must_be_a_power_of_two(factor):
    with pytest.raises(ValueError, match=f"power of two above 1. Received: {factor}"):
        count_steps(factor)


def test_up_sample_divides_the_channels():
    with pytest.raises(ValueError, match="channels must be a multiple of factor=4"):
        zero_dce_keras.UpSample(6, 4)
