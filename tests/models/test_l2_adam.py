import keras
import numpy as np
import pytest

from zero_dce_keras import L2Adam


def official_steps(weights, gradients, learning_rate, l2, max_norm):
    """`clip_grad_norm_`, then PyTorch's `Adam(weight_decay=l2)`, in float64."""
    weights = [np.float64(weight) for weight in weights]
    m = [np.zeros_like(weight) for weight in weights]
    v = [np.zeros_like(weight) for weight in weights]
    for t, step in enumerate(gradients, start=1):
        norm = np.sqrt(sum((gradient**2).sum() for gradient in step))
        scale = min(1, max_norm / norm) if max_norm else 1
        for i, gradient in enumerate(step):
            gradient = scale * gradient + (l2 or 0) * weights[i]
            m[i] = 0.9 * m[i] + 0.1 * gradient
            v[i] = 0.999 * v[i] + 0.001 * gradient**2
            m_hat, v_hat = m[i] / (1 - 0.9**t), v[i] / (1 - 0.999**t)
            weights[i] = weights[i] - learning_rate * m_hat / (np.sqrt(v_hat) + 1e-8)
    return weights


@pytest.mark.parametrize("l2", [None, 0.3])
@pytest.mark.parametrize("max_norm", [None, 0.1, 3.0])
def test_steps_as_the_official_code(l2, max_norm):
    """Norms from 0.5 to 8: a limit of 3 clips some of the steps."""
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=(3, 4)), rng.normal(size=5)]
    gradients = [
        [size * rng.normal(size=weight.shape) for weight in weights]
        for size in (0.1, 1, 2, 0.5, 0.1, 1)
    ]
    variables = [keras.Variable(np.float32(weight)) for weight in weights]
    optimizer = L2Adam(0.01, l2=l2, max_gradient_norm=max_norm)
    for step in gradients:
        tensors = [keras.ops.convert_to_tensor(np.float32(each)) for each in step]
        optimizer.apply(tensors, variables)
    expected = official_steps(weights, gradients, 0.01, l2, max_norm)
    for variable, weight in zip(variables, expected, strict=True):
        np.testing.assert_allclose(variable.numpy(), weight, rtol=1e-4, atol=1e-6)


def test_gradient_of_zero():
    variable = keras.Variable(np.ones(3, "float32"))
    optimizer = L2Adam(0.1, max_gradient_norm=0.1)
    optimizer.apply([keras.ops.zeros(3)], [variable])
    np.testing.assert_array_equal(variable.numpy(), np.ones(3))


def test_decoupled_weight_decay():
    variable = keras.Variable(np.float32([1, -2]))
    optimizer = L2Adam(0.1, weight_decay=0.5)
    optimizer.apply([keras.ops.zeros(2)], [variable])
    np.testing.assert_allclose(variable.numpy(), [0.95, -1.9], rtol=1e-6)


def test_round_trip():
    optimizer = L2Adam(3e-4, l2=1e-4, max_gradient_norm=0.1, weight_decay=0.01)
    config = keras.saving.serialize_keras_object(optimizer)
    copy = keras.saving.deserialize_keras_object(config)
    assert type(copy) is L2Adam and copy.get_config() == optimizer.get_config()
    assert copy.get_config()["epsilon"] == 1e-8


@pytest.mark.parametrize(
    "arguments", [{"l2": -1}, {"max_gradient_norm": 0}, {"max_gradient_norm": -1}]
)
def test_errors(arguments):
    with pytest.raises(ValueError, match=f"{next(iter(arguments))} must .*Received"):
        L2Adam(**arguments)
