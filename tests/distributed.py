"""Train in this process, on several logical devices: `python distributed.py OPTIONS`.

The options are JSON: `devices`, how many; `recipe` and `arguments`, of `train`; `command`,
options of the command `fit` in their place; `times`, a file for when the epochs ended.
"""

import contextlib
import json
import os
import sys
import time
from pathlib import Path


def main(devices=1, recipe=None, arguments=None, command=None, times=None):
    os.environ["XLA_FLAGS"] = (
        os.environ.get("XLA_FLAGS", "")
        + f" --xla_force_host_platform_device_count={devices}"
    )
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        cpu = tf.config.list_physical_devices("CPU")[0]
        logical = [tf.config.LogicalDeviceConfiguration() for _ in range(devices)]
        tf.config.set_logical_device_configuration(cpu, logical)
    from trainings import quicken

    from zero_dce_keras import Recipe, cli, fit, train
    from zero_dce_keras.training.distribution import all_devices

    quicken(setattr, eager=False)
    if command is not None:
        return cli.run(fit.main, command)
    several = devices > 1 or "TF_CONFIG" in os.environ

    def run(_):
        ends = []
        note = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: ends.append(time.monotonic())
        )
        with all_devices() if several else contextlib.nullcontext():
            train(Recipe(**recipe), **arguments, verbose=0, callbacks=[note])
        if times is not None:
            Path(times).write_text(json.dumps(ends))
        return 0

    return cli.run(run)


if __name__ == "__main__":
    sys.exit(main(**json.loads(sys.argv[1])))
