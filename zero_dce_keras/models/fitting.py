"""`compile`, `fit`, `evaluate` and `predict` of every model of the package."""

import numbers

import keras

from zero_dce_keras.models.input_range import check_range, checked, errors_of_datasets
from zero_dce_keras.models.l2_adam import L2Adam
from zero_dce_keras.models.loss_aliases import with_aliases


class Fitting(keras.Model):
    """A `keras.Model` that trains by losses of its own, on images in [0, 1].

    What it does not take is refused in one line, images in 0–255 too.
    """

    default_learning_rate = 1e-4

    def __call__(self, *args, **kwargs):
        # Not in `call`: Keras makes its errors long.
        check_range("low_light", args[:1])
        return super().__call__(*args, **kwargs)

    def compile(
        self,
        optimizer=None,
        learning_rate=None,
        global_clipnorm=None,
        weight_decay=None,
        l2=None,
        **kwargs,
    ):
        """Prepare the model for training.

        Args:
            optimizer: a Keras optimizer or its name; or a learning rate. By default
                Adam, made from the four arguments below.
            learning_rate: float or a Keras learning rate schedule; by default 1e-4,
                for MIRNet 2e-4.
            global_clipnorm: gradients whose global norm is larger are scaled to it.
            weight_decay: decoupled weight decay (AdamW's).
            l2: coupled weight decay, added to the gradient after clipping.
            **kwargs: what else `keras.Model.compile` takes, such as `jit_compile`; but no
                losses and metrics, which the models have of their own.

        Raises:
            ValueError: if an optimizer comes with arguments for another one, or if
                there are losses or metrics.
        """
        if _is_learning_rate(optimizer) and learning_rate is None:
            optimizer, learning_rate = None, optimizer
        if not (learning_rate is None or _is_learning_rate(learning_rate)):
            kwargs["loss"] = learning_rate  # compile("adam", "mse")
        for name in ("loss", "loss_weights", "metrics", "weighted_metrics"):
            if kwargs.get(name) is not None:
                raise ValueError(
                    f"{name} would not be used: {type(self).__name__} computes its own "
                    "losses and metrics, see the arguments of its constructor. "
                    f"Received: {kwargs[name]!r}"
                )
        options = (learning_rate, global_clipnorm, weight_decay, l2)
        if optimizer is not None and any(option is not None for option in options):
            raise ValueError(
                "learning_rate, global_clipnorm, weight_decay and l2 make an optimizer: "
                f"give them, or an optimizer. Received: {optimizer!r} and {options}"
            )
        if optimizer is None:
            if learning_rate is None:
                learning_rate = self.default_learning_rate
            if isinstance(learning_rate, numbers.Real):
                learning_rate = float(learning_rate)  # Keras takes none of NumPy's
            optimizer = L2Adam(
                learning_rate,
                l2=l2,
                max_gradient_norm=global_clipnorm,
                weight_decay=weight_decay,
            )
        super().compile(optimizer=optimizer, **kwargs)
        # Now, so that a model saved before its first step reloads without a warning.
        self.optimizer.build(self.trainable_variables)

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=None,
        class_weight=None,
        **kwargs,
    ):
        """Train the model, as `keras.Model.fit` does.

        Args:
            x: low-light images, float `(N, H, W, 3)` in [0, 1]; or batches of them, or
                of pairs with references.
            y: the references, where `x` is an array.
            callbacks: they find the total also as `loss` and `val_loss` in their logs.
            shuffle: by default True where Keras can shuffle: not a `tf.data.Dataset`, a
                generator or a PyTorch `DataLoader`.
            batch_size, epochs, verbose, validation_split, validation_data, **kwargs:
                what else `keras.Model.fit` takes, but no `class_weight`.

        Raises:
            ValueError: if images are not in [0, 1], or there is a `class_weight`.
        """
        if class_weight is not None:
            raise ValueError(
                "class_weight would not be used: images have no classes. The losses have "
                "weights, see the constructor. Received: "
                f"{class_weight!r}"
            )
        if shuffle is None:
            shuffle = hasattr(x, "shape") or isinstance(
                x, (list, tuple, dict, keras.utils.PyDataset)
            )
        if not isinstance(validation_data, (tuple, list)):
            validation_data = checked(validation_data)
        with errors_of_datasets():
            return super().fit(
                checked(x, y),
                y,
                batch_size=batch_size,
                epochs=epochs,
                verbose=verbose,
                callbacks=with_aliases(callbacks),
                validation_split=validation_split,
                validation_data=validation_data,
                shuffle=shuffle,
                **kwargs,
            )

    def evaluate(self, x=None, y=None, *args, **kwargs):
        with errors_of_datasets():
            return super().evaluate(checked(x, y), y, *args, **kwargs)

    def predict(self, x, *args, **kwargs):
        with errors_of_datasets():
            return super().predict(checked(x), *args, **kwargs)


def _is_learning_rate(value):
    schedules = keras.optimizers.schedules.LearningRateSchedule
    return isinstance(value, (numbers.Real, schedules))
