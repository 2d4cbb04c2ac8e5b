"""What a batch consists of."""

import keras


def unpack(data):
    """Return `(low_light, reference)` of what `fit` hands to a step.

    The reference is `None` where there is none.
    """
    low_light, reference, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    if sample_weight is not None:
        raise ValueError(
            "batches must be low_light or (low_light, reference): the losses take no "
            "sample_weight. Received: one"
        )
    return low_light, reference
