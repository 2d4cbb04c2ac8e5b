import checks
import keras
import numpy as np
import pytest

RULE = r"must be in \[0, 1\]: divide images in 0–255 by 255. Received: values up to 2"
LOW_LIGHT = "^low_light " + RULE
TENSORFLOW = keras.backend.backend() == "tensorflow"


@pytest.fixture
def eight_bits(low_light):
    """As `img_to_array` and `image_dataset_from_directory` give them."""
    return np.float32(np.round(255 * np.clip(5 * low_light, 0, 1)))


def batches(images):
    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 1

        def __getitem__(self, index):
            return (images,)

    return Batches()


@pytest.mark.parametrize("model_class", checks.MODELS)
@pytest.mark.parametrize("method", ["fit", "evaluate", "predict", "__call__"])
def test_arrays_in_0_to_255_are_refused(model_class, method, eight_bits):
    model = checks.small_model(model_class)
    model.compile()
    options = {} if method == "__call__" else {"verbose": 0}
    with pytest.raises(ValueError, match=LOW_LIGHT) as error:
        getattr(model, method)(eight_bits, **options)
    assert "\n" not in str(error.value)


def test_references_in_0_to_255_are_refused(low_light, eight_bits):
    model = checks.small_zero_dce()
    with pytest.raises(ValueError, match="^reference " + RULE):
        model.fit(low_light, eight_bits, verbose=0)


@pytest.mark.parametrize("method", ["fit", "evaluate", "predict"])
def test_batches_in_0_to_255_are_refused(method, eight_bits, low_light):
    model = checks.small_zero_dce()
    for make in (batches, lambda images: (each for each in [(images,)])):
        with pytest.raises(ValueError, match=LOW_LIGHT):
            getattr(model, method)(make(eight_bits), verbose=0)
        getattr(model, method)(make(low_light), verbose=0)


@pytest.mark.skipif(not TENSORFLOW, reason="tf.data is of TensorFlow")
@pytest.mark.parametrize("method", ["fit", "evaluate", "predict"])
def test_a_tf_dataset_in_0_to_255_is_refused(method, eight_bits, low_light):
    import tensorflow as tf

    model = checks.small_zero_dce(filters=2)
    model.compile()  # XLA would drop an assertion inside of the step
    late = np.concatenate([low_light, eight_bits])
    with pytest.raises(ValueError, match=LOW_LIGHT) as error:
        dataset = tf.data.Dataset.from_tensor_slices(late).batch(2)
        getattr(model, method)(dataset, verbose=0)
    assert "\n" not in str(error.value)
    if method == "fit":
        dark = tf.data.Dataset.from_tensors(low_light)
        with pytest.raises(ValueError, match=LOW_LIGHT):
            model.fit(dark, validation_data=dataset, verbose=0)
        pairs = tf.data.Dataset.from_tensors((low_light, eight_bits))
        with pytest.raises(ValueError, match="^reference " + RULE):
            model.fit(pairs, verbose=0)


def test_a_generator_is_read_to_its_end(low_light):
    model = checks.small_zero_dce()
    seen = []
    each = ((seen.append(number) or low_light,) for number in range(3))
    model.fit(each, verbose=0)
    assert seen == [0, 1, 2]


def test_a_little_above_1_is_no_mistake(low_light):
    model = checks.small_zero_dce()
    assert np.isfinite(checks.predict(model, np.clip(10 * low_light, 0, 1.9))).all()
