"""What arguments of the models may be chosen from.

Apart from the models, which import Keras: recipes and `fit --help` need this without it.
"""

BLOCKS = ("multi_scale", "residual")  # MIRNet's `block`
RESAMPLINGS = ("official", "area")  # Zero-DCE++'s `resampling`
