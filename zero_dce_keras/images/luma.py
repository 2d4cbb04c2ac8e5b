"""How bright a colour is: its luma."""

# What red, green and blue count: Rec. ITU-R BT.601, as in OpenCV's grey images.
LUMA = (0.299, 0.587, 0.114)
