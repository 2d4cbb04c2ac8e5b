"""What Keras' `fit` and `predict` run for a batch, as callables; how it is compiled."""

import itertools
import sys

from machine import backend

import zero_dce_keras
from zero_dce_keras import devices


def keras_step(model, kind, images):
    """The function that Keras' `fit` or `predict` calls, as a callable on `images`."""
    getattr(model, f"make_{kind}_function")()
    function = getattr(model, f"{kind}_function")
    batch = (images,)
    if backend() != "jax":
        return lambda: function([batch])
    variables = [model.trainable_variables, model.non_trainable_variables]
    if kind == "train":
        variables += [model.optimizer.variables, model.metrics_variables]
    state = tuple([variable.value for variable in group] for group in variables)
    batches = itertools.repeat(batch)

    def step():
        nonlocal state  # given away to the step, which returns the next one
        outputs, state = function(state, batches)
        return outputs, state

    return step


def compiler(model):
    """Words for what `model.jit_compile` means to the backend."""
    return {
        "tensorflow": ("tf.function", "tf.function with XLA"),
        "jax": ("eager", "jax.jit"),
        "torch": ("eager", "torch.compile"),
    }[backend()][model.jit_compile]


def can_torch_compile():
    """Whether to enhance with `torch.compile`: on a GPU, if it works at all.

    On the CPU it works, and took twice the time of eager PyTorch at 600×400.
    """
    if backend() != "torch" or not devices.list_gpus():
        return False
    import keras

    model = zero_dce_keras.ZeroDCE()
    model.jit_compile = True
    try:
        keras_step(model, "predict", keras.random.uniform((1, 32, 48, 3)))()
    except Exception as error:  # noqa: BLE001 a C compiler, Triton, whatever it lacks
        print(f"torch.compile fails: {type(error).__name__}", file=sys.stderr)
        return False
    return True


def count_compilations():
    """A list that grows with every compilation by JAX; on other backends it stays empty."""
    compilations = []
    if backend() == "jax":
        import jax

        def listen(event, *args, **kwargs):
            if event == "/jax/core/compile/backend_compile_duration":
                compilations.append(event)

        jax.monitoring.register_event_duration_secs_listener(listen)
    return compilations


def forget_compilations():
    """Let `torch.compile` start anew: for this shape alone, below its limit on shapes."""
    import torch

    torch._dynamo.reset()
