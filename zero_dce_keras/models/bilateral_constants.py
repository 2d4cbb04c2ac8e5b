"""Numbers that the Keras form and the compiled form of `BilateralDCE` share: no Keras here."""

STEM = 24  # channels at half the miniature's size
DILATIONS = (1, 2, 4, 1)  # of the network's residual blocks
NODES = 3  # of the grid, along the brightness of a pixel

# How noise is measured in flat patches, by brightness.
PATCHES, SIDE = 32, 8  # 32×32 patches of 8×8 pixels, all over the photograph
BANDS = (0, 12, 36, 84, 256)  # levels of 8 bits: in each the noise is measured apart
FLATTEST = 0.15  # the share of a band's patches that are taken for flat
FEWEST = 32  # patches in a band: of fewer, its noise is not known
GROWTH = 1.5  # how much more noise a band may have than the quietest: more is texture
MOST_NOISE = 4.0  # levels
LEAST_NOISE = 0.25  # levels; photographs with less are left as they are
WIDTHS = (1.2, 3.0)  # σ in pixels by which taps count less, in the filters' passes
RANGES = (3.0, 1.5)  # what differs by so many times the noise is an edge, in each pass
