"""A training step at 8×256×256: the package, a plain `tf.function`, the GEMM bound.

.venv/bin/python benchmarks/train_step.py
"""

import keras
import numpy as np
import tensorflow as tf
from cost import training_gflop
from machine import GEMM_GFLOP, alternate, gemm, parse_options, report
from plain import PlainZeroDCE

from zero_dce_keras import ZeroDCE

BATCH, SIZE = 8, 256


def main():
    options = parse_options(__doc__, repeats=7).parse_args()
    keras.utils.set_random_seed(0)
    low_light = tf.random.uniform((BATCH, SIZE, SIZE, 3)) * 0.2
    reference = tf.random.uniform((BATCH, SIZE, SIZE, 3))

    model = ZeroDCE()
    plain = PlainZeroDCE(model)
    with_pairs = ZeroDCE()
    with_pairs.dce_model.set_weights(model.dce_model.get_weights())

    ours_step = fit_step(model, low_light)
    pairs_step = fit_step(with_pairs, (low_light, reference))
    plain_function = tf.function(plain.train_step)
    steps = {
        "this package, images": ours_step,
        "this package, pairs and metrics": pairs_step,
        "plain tf.function": lambda: plain_function(low_light).numpy(),
    }
    same = check_same_losses(steps)
    seconds = alternate({**steps, "gemm": gemm()}, options.repeats, options.clock)

    rate = GEMM_GFLOP / seconds.pop("gemm")
    gflop = training_gflop(BATCH * SIZE * SIZE)
    rows = [row(name, s, seconds, gflop, rate) for name, s in seconds.items()]
    rows.append(row("GEMM bound", gflop / rate, seconds, gflop, rate))
    report(
        rows,
        options,
        work=f"one training step, {BATCH}×{SIZE}×{SIZE}, {gflop:.0f} GFLOP",
        gemm_gflops=round(rate, 1),
        losses_of_3_steps_agree_to=f"{same:.1e}",
    )


def fit_step(model, batch):
    """The step that `fit` calls, on an iterator that gives the same batch for ever."""
    model.compile(learning_rate=1e-4)
    model.make_train_function()
    iterator = iter(tf.data.Dataset.from_tensors(batch).repeat())

    def run():
        model.reset_metrics()  # so that the loss is this batch's
        return model.train_function(iterator)["total_loss"].numpy()

    return run


def check_same_losses(steps, tolerance=1e-4):
    """Three steps from the same weights must give the same losses; largest deviation."""
    losses = np.array([[step() for _ in range(3)] for step in steps.values()])
    deviation = np.max(np.abs(losses / losses[-1] - 1))
    if not deviation < tolerance:
        raise SystemExit(f"the steps do not compute the same losses:\n{losses}")
    return float(deviation)


def row(name, seconds, all_seconds, gflop, rate):
    return {
        "step": name,
        "ms": round(seconds * 1e3),
        "× plain": f"{seconds / all_seconds['plain tf.function']:.3f}",
        "GFLOP/s": round(gflop / seconds),
        "× GEMM bound": f"{seconds * rate / gflop:.2f}",
    }


if __name__ == "__main__":
    main()
