"""The same network, curves, losses and step in plain TensorFlow, written out by hand.

What the package is compared with. Nothing here comes from the package but the initial
weights.
"""

import keras
import tensorflow as tf


class PlainZeroDCE:
    """DCE-Net 7-32-8 with the weights of a `ZeroDCE`, and a training step for it."""

    def __init__(self, model, learning_rate=1e-4):
        weights = iter(model.dce_model.get_weights())
        # keras.Variable, because Keras' optimizers take no other.
        self.layers = [
            (keras.Variable(kernel), keras.Variable(bias))
            for kernel, bias in zip(weights, weights, strict=True)
        ]
        self.variables = [variable for layer in self.layers for variable in layer]
        self.optimizer = keras.optimizers.Adam(learning_rate, epsilon=1e-8)
        self.optimizer.build(self.variables)

    def convolve(self, x, k):
        kernel, bias = self.layers[k - 1]
        return tf.nn.bias_add(tf.nn.conv2d(x, kernel.value, 1, "SAME"), bias.value)

    def curve_maps(self, images):
        x1 = tf.nn.relu(self.convolve(images, 1))
        x2 = tf.nn.relu(self.convolve(x1, 2))
        x3 = tf.nn.relu(self.convolve(x2, 3))
        x4 = tf.nn.relu(self.convolve(x3, 4))
        x5 = tf.nn.relu(self.convolve(tf.concat([x3, x4], -1), 5))
        x6 = tf.nn.relu(self.convolve(tf.concat([x2, x5], -1), 6))
        return tf.tanh(self.convolve(tf.concat([x1, x6], -1), 7))

    def enhance(self, images):
        return apply_curves(images, self.curve_maps(images))

    def train_step(self, images):
        """One pass, one update; returns the total loss before the update."""
        with tf.GradientTape() as tape:
            maps = self.curve_maps(images)
            loss = total_loss(images, apply_curves(images, maps), maps)
        variables = [variable.value for variable in self.variables]
        self.optimizer.apply(tape.gradient(loss, variables), self.variables)
        return loss


def apply_curves(images, maps):
    for alpha in tf.split(maps, 8, axis=-1):
        images = images + alpha * (images * images - images)
    return images


def total_loss(images, enhanced, maps):
    """1·spatial + 10·exposure + 5·colour + 200·smoothness, as in the official code."""
    # spatial consistency: 3×3 kernels on 4×4 regions, with zero padding
    change = tf.reduce_mean(images, -1, True) - tf.reduce_mean(enhanced, -1, True)
    change = tf.nn.avg_pool2d(change, 4, 4, "VALID")
    kernel = tf.constant(
        [
            [[0, 0, 0, 0], [0, 0, -1, 0], [0, 0, 0, 0]],
            [[-1, 0, 0, 0], [1, 1, 1, 1], [0, -1, 0, 0]],
            [[0, 0, 0, 0], [0, 0, 0, -1], [0, 0, 0, 0]],
        ],
        tf.float32,
    )[:, :, None, :]  # (3, 3, 1, 4): left, right, up, down
    differences = tf.nn.conv2d(change, kernel, 1, "SAME")
    spatial = tf.reduce_mean(tf.reduce_sum(differences**2, -1))
    # exposure control: 16×16 patches
    brightness = tf.reduce_mean(enhanced, -1, True)
    patches = tf.nn.avg_pool2d(brightness, 16, 16, "VALID")
    exposure = tf.reduce_mean((patches - 0.6) ** 2)
    # colour constancy
    red, green, blue = tf.unstack(tf.reduce_mean(enhanced, (1, 2)), axis=-1)
    fourth = (red - green) ** 4 + (red - blue) ** 4 + (green - blue) ** 4
    colour = tf.reduce_mean(tf.sqrt(fourth))
    # illumination smoothness
    batch, height, width = maps.shape[:3]
    rows = tf.reduce_sum((maps[:, 1:] - maps[:, :-1]) ** 2) / ((height - 1) * width)
    columns = tf.reduce_sum((maps[:, :, 1:] - maps[:, :, :-1]) ** 2)
    columns = columns / (height * (width - 1))
    smoothness = 2 * (rows + columns) / batch
    return spatial + 10 * exposure + 5 * colour + 200 * smoothness
