"""What a batch consists of."""

import keras


def unpack(data):
    """`(low_light, reference)` of what `fit` hands to a step; `None` for no reference."""
    low_light, reference, _ = keras.utils.unpack_x_y_sample_weight(data)
    return low_light, reference
