"""`loss` and `val_loss`, by which callbacks of Keras know the total."""

import keras

ALIASES = {"loss": "total_loss", "val_loss": "val_total_loss"}
# What records or draws all that it finds would have the total twice.
RECORDERS = (
    keras.callbacks.History,
    keras.callbacks.CSVLogger,
    keras.callbacks.TensorBoard,
)


class _Alias(keras.callbacks.Callback):
    """Adds the aliases to the logs of an epoch, or takes them out again."""

    def __init__(self, add):
        super().__init__()
        self._add = add

    def on_epoch_end(self, epoch, logs=None):
        for alias, name in ALIASES.items():
            if not self._add:
                logs.pop(alias, None)
            elif name in logs:
                logs[alias] = logs[name]


def with_aliases(callbacks):
    """Let callbacks find `loss` and `val_loss` in their logs, but for `RECORDERS`.

    Those of this package know the total by its name.

    Args:
        callbacks: what `fit` takes.

    Returns:
        list of callbacks, or what was given where Keras has made its own list of it.
    """
    if callbacks is None or isinstance(callbacks, keras.callbacks.CallbackList):
        return callbacks
    in_order = []
    for callback in keras.tree.flatten(callbacks):
        is_own = type(callback).__module__.startswith("zero_dce_keras.")
        if is_own or isinstance(callback, RECORDERS):
            in_order.append(callback)
        else:
            in_order += [_Alias(True), callback, _Alias(False)]
    return in_order
