"""TensorFlow, JAX and PyTorch take the same steps and read the same files.

Each backend is held to what TensorFlow wrote into `ten_steps/`, so the test says the same
wherever only one of them is installed. `python tests/models/test_backends.py` writes it
anew.
"""

from pathlib import Path

import keras
import numpy as np
import pytest

from zero_dce_keras import ZeroDCE

STORED = Path(__file__).parent / "ten_steps"


def start():
    """The stored weights, and a batch of pairs: dark noise and bright noise."""
    model = ZeroDCE(filters=8)
    if STORED.is_dir():
        model.load_weights(STORED / "start.weights.h5")
    rng = np.random.default_rng(0)
    low_light = 0.2 * rng.random((4, 48, 64, 3), dtype="float32")
    return model, low_light, rng.random((4, 48, 64, 3), dtype="float32")


def enhance(model, images):
    return keras.ops.convert_to_numpy(model(images))


def ten_steps(model, low_light, reference, **compile_options):
    """Logs of ten steps on the same batch: a dict from tracker names to lists."""
    model.compile(
        learning_rate=1e-3,
        global_clipnorm=0.1,
        l2=1e-4,
        weight_decay=1e-3,
        **compile_options,
    )
    return model.fit(
        low_light, reference, batch_size=4, epochs=10, shuffle=False, verbose=0
    ).history


def test_ten_steps_are_those_of_tensorflow():
    """Half of 1e-4, so that any two backends agree to 1e-4.

    Colour constancy, a root of fourth powers, is 1e-4 here: float32 rounds it to 1e-8.
    """
    logs = ten_steps(*start())
    stored = np.load(STORED / "logs.npz")
    assert list(stored) == sorted(logs)
    assert stored["total_loss"][-1] < 0.9 * stored["total_loss"][0]
    for name, values in logs.items():
        np.testing.assert_allclose(
            values, stored[name], rtol=5e-5, atol=1e-8, err_msg=name
        )


def test_weights_file_gives_the_same_images():
    model, low_light, _ = start()
    stored = np.load(STORED / "images.npz")
    np.testing.assert_allclose(enhance(model, low_light), stored["start"], atol=5e-6)
    model.load_weights(STORED / "end.weights.h5")
    np.testing.assert_allclose(enhance(model, low_light), stored["end"], atol=5e-6)
    assert abs(stored["end"] - stored["start"]).mean() > 0.01


def test_validation_logs_are_those_of_tensorflow():
    model, low_light, reference = start()
    model.compile()
    logs = model.evaluate(low_light, reference, return_dict=True, verbose=0)
    stored = np.load(STORED / "logs.npz")
    for name, value in logs.items():
        assert value == pytest.approx(stored[name][0], rel=5e-5), name


def write():
    """What the tests read, by the backend at hand."""
    model, low_light, reference = start()
    STORED.mkdir(exist_ok=True)
    model.save_weights(STORED / "start.weights.h5")
    before = enhance(model, low_light)
    logs = ten_steps(model, low_light, reference)
    model.save_weights(STORED / "end.weights.h5")
    np.savez(STORED / "images.npz", start=before, end=enhance(model, low_light))
    np.savez(STORED / "logs.npz", **{name: logs[name] for name in sorted(logs)})


if __name__ == "__main__":
    keras.utils.set_random_seed(0)
    write()
