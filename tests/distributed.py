"""Train in this process, on several logical devices: `python distributed.py OPTIONS`.

The options are JSON: `devices`, how many; `recipe` and `arguments`, of `train`; `command`,
options of the command `fit` in their place.
"""

import json
import os
import sys


def main(devices=1, recipe=None, arguments=None, command=None):
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
    recipe = Recipe(**recipe)

    def run(_):
        if devices > 1 or "TF_CONFIG" in os.environ:
            with all_devices():
                train(recipe, **arguments, verbose=0)
        else:
            train(recipe, **arguments, verbose=0)
        return 0

    return cli.run(run)


if __name__ == "__main__":
    sys.exit(main(**json.loads(sys.argv[1])))
