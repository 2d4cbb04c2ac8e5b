"""Image formats that need more than Pillow: a module each, loaded on first use.

Of these functions a module has those that its row of `formats.FORMATS` needs:

- `write(file, pixels, **metadata)` writes uint8 or uint16 pixels `(H, W)` or
  `(H, W, 2 to 4)`, alpha last, into a binary file, and returns a list of str: what the
  format cannot hold. The metadata are those that the row names, and its options.
- `read(file)` returns upright pixels, and a dict of what goes with them; None, and a JPEG
  as `jpeg`, where that is all there is.
- `register(file)` teaches Pillow to read the format, and checks the size of a file that
  Pillow would decode at once.
"""
