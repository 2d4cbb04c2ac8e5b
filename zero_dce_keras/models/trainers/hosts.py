"""Training on several hosts, under TensorFlow's `MultiWorkerMirroredStrategy`.

Keras' own `fit` fails under it: this is the loop of `strategy.run` in its place. Every
host draws the same batches, and takes its replicas' parts of each.
"""

import keras
import tensorflow as tf

LOST = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.UnavailableError,
)


def are_several(strategy):
    """Return whether a strategy is of several hosts."""
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


def writes(strategy):
    """Return whether this host writes the files: the chief, or the first worker."""
    cluster = strategy.cluster_resolver
    if not are_several(strategy) or cluster.task_type == "chief":
        return True
    has_chief = "chief" in cluster.cluster_spec().jobs
    return cluster.task_id == 0 and not has_chief


def fit_on_hosts(
    model,
    dataset,
    epochs=1,
    initial_epoch=0,
    callbacks=None,
    validation_data=None,
    verbose="auto",
    **options,
):
    """Train as `keras.Model.fit` does, on all hosts together.

    Args:
        model: an `ImageModel`, made and compiled under the strategy.
        dataset, validation_data: `tf.data.Dataset` of batches, the same on every host.
        epochs, initial_epoch, callbacks, verbose: as in `keras.Model.fit`.
        **options: what else it takes, and has no use here.

    Raises:
        ValueError: if the data is no `tf.data.Dataset`, or hosts begin at other epochs.
        ConnectionError: if another host does not answer any more.
    """
    strategy = model.distribute_strategy
    if not isinstance(dataset, tf.data.Dataset):
        raise ValueError(
            "x must be a tf.data.Dataset of batches on several hosts. "
            f"Received: {type(dataset).__name__}"
        )
    train, test = _on_replicas(strategy, model.train_step, model.test_step)
    history = keras.callbacks.History()
    callbacks = keras.callbacks.CallbackList(
        [*(callbacks or []), history],
        add_progbar=bool(verbose) and writes(strategy),
        model=model,
        verbose=verbose,
        epochs=epochs,
        steps=int(dataset.cardinality()),
    )
    logs = {}
    try:
        _check_same(strategy, initial_epoch)
        model.stop_training = False
        callbacks.on_train_begin()
        for epoch in range(initial_epoch, epochs):
            callbacks.on_epoch_begin(epoch)
            model.reset_metrics()
            for step, batch in enumerate(_parts(strategy, dataset)):
                callbacks.on_train_batch_begin(step)
                logs = train(batch)
                callbacks.on_train_batch_end(step, logs)
            if validation_data is not None:
                callbacks.on_test_begin()
                model.reset_metrics()
                results = {}
                for batch in _parts(strategy, validation_data):
                    results = test(batch)
                callbacks.on_test_end(results)
                logs |= {f"val_{name}": value for name, value in results.items()}
            callbacks.on_epoch_end(epoch, logs)
            if model.stop_training:
                break
        callbacks.on_train_end(logs)
    except LOST as error:
        raise ConnectionError(
            "another host does not answer any more: the training was stopped. The same "
            "command with --resume, on every host, goes on after the last whole epoch"
        ) from error
    return history


def _on_replicas(strategy, *step_functions):
    """Return functions of a batch that run a step on every replica; they give its logs."""

    def on_replicas(step_function):
        @tf.function(reduce_retracing=True)
        def run(batch):
            logs = strategy.run(step_function, args=(batch,))
            # Those of all replicas, on each: see `Trainer`.
            return {
                k: strategy.experimental_local_results(v)[0] for k, v in logs.items()
            }

        return lambda batch: {k: float(v) for k, v in run(batch).items()}

    return [on_replicas(function) for function in step_functions]


def _parts(strategy, dataset):
    """Iterate over the batches of one epoch, each in parts for the replicas of this host."""

    def of_this_host(context):
        replicas = context.num_replicas_in_sync
        local = replicas // context.num_input_pipelines
        first = context.input_pipeline_id * local

        def parts(*batch):
            structure = batch if len(batch) > 1 else batch[0]
            count = tf.shape(tf.nest.flatten(structure)[0])[0]
            bounds = count * tf.range(replicas + 1) // replicas
            return tf.data.Dataset.range(first, first + local).map(
                lambda number: tf.nest.map_structure(
                    lambda each: each[bounds[number] : bounds[number + 1]], structure
                )
            )

        return dataset.flat_map(parts)

    iterator = iter(strategy.distribute_datasets_from_function(of_this_host))
    for _ in range(int(dataset.cardinality())):
        yield next(iterator)


def _check_same(strategy, epoch):
    def total():
        context = tf.distribute.get_replica_context()
        return context.all_reduce(tf.distribute.ReduceOp.SUM, tf.constant(epoch))

    sums = strategy.experimental_local_results(strategy.run(tf.function(total)))
    if int(sums[0]) != epoch * strategy.num_replicas_in_sync:
        raise ValueError(
            f"hosts must begin at the same epoch, here {epoch + 1}: --output must be a "
            "directory that they share"
        )
