"""What DCE-Net 7-32-8 costs on paper: arithmetic and memory traffic, on any backend."""

# Channels in and out of the seven 3×3 convolutions.
CHANNELS = [(3, 32), (32, 32), (32, 32), (32, 32), (64, 32), (64, 32), (64, 24)]


def forward_gflop(pixels):
    """Multiplications and additions of the convolutions, in 10⁹."""
    return sum(convolution_gflop(pixels, *channels) for channels in CHANNELS)


def training_gflop(pixels):
    """Forward and both gradients, less the gradient by the images, which none needs."""
    return 3 * forward_gflop(pixels) - convolution_gflop(pixels, *CHANNELS[0])


def convolution_gflop(pixels, channels_in, channels_out):
    return 2 * 9 * pixels * channels_in * channels_out / 1e9


def forward_gbyte(pixels, activation_bytes):
    """Least traffic in 10⁹ bytes, were a layer one kernel: inputs read, output written.

    Bias, ReLU, tanh and concatenation cost nothing then, and the curves are one kernel
    that reads images and maps. Images are float32, activations and maps as given. What
    stays in a cache, or several layers in one kernel, can be less.
    """
    read = sum(channels_in for channels_in, _ in CHANNELS) - 3
    written = sum(channels_out for _, channels_out in CHANNELS)
    maps = CHANNELS[-1][1]
    images = 3 + 3 + 3  # the first layer's input, the curves' input and output
    return pixels * (activation_bytes * (read + written + maps) + 4 * images) / 1e9


def training_gbyte(pixels, activation_bytes):
    """As `training_gflop`: both gradients read and write what the forward pass does."""
    return 3 * forward_gbyte(pixels, activation_bytes) - pixels * 3 * 4 / 1e9
