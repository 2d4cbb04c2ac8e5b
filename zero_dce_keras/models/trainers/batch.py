"""What a batch consists of."""

import keras


def unpack(data):
    """`(low_light, reference)` of what `fit` hands to a step; `None` for no reference."""
    low_light, reference, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    if sample_weight is not None:
        raise ValueError(
            "batches must be low_light or (low_light, reference): no loss of ours takes "
            "a sample_weight. Received: one"
        )
    return low_light, reference
