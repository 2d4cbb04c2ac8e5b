"""Damaged photographs, by the thousand, through `Enhancer.enhance_file`.

Real files of each format are mutated, truncated and swapped. Each case must end in a
photograph or in one line that names the file, within 5 seconds, with the input as it was,
an output that is whole or absent, and nothing else left behind.

    python benchmarks/fuzz.py [--cases 10000] [--seed 0] 2>/dev/null

(libtiff, inside Pillow, tells of damaged TIFF files on stderr by itself.)
"""

import argparse
import collections
import io
import os
import struct
import sys
import tempfile
import time
import warnings
import zlib
from pathlib import Path

import numpy as np
from machine import peak_memory
from PIL import Image, ImageCms

from zero_dce_keras import cli
from zero_dce_keras.data.sample import find_sample
from zero_dce_keras.enhance import FORMATS
from zero_dce_keras.images import (
    Photograph,
    list_images,
    resize_image,
)

PNG = b"\x89PNG\r\n\x1a\n"
ENDINGS = [*FORMATS]  # of the outputs
MOST_SECONDS = 5
MOST_MEGABYTES = 1500  # more than before the first case


def seed_files():
    """{name: content}: a photograph of the sample, 48×64, in every format and depth."""
    photograph = Photograph.read(list_images(find_sample() / "test" / "low")[0])
    color = resize_image(photograph.pixels, 48, 64)
    grey, alpha = color[..., 1], 255 - color[..., 0]
    deep = color.astype("uint16") * 257
    exif = Image.Exif()
    exif[271], exif[274] = "Maker", 6
    exif[0x8769] = {0x829A: 0.5, 0x927C: bytes(99)}
    block = exif.tobytes().removeprefix(b"Exif\0\0")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    rich = {"exif": block, "icc_profile": profile, "xmp": b"<x:xmpmeta/>"}
    files = {}
    for ending, kind in FORMATS.items():
        for name, pixels in (("color", color), ("grey", grey), ("deep", deep)):
            for clear in (None, alpha.astype(pixels.dtype)):
                file = io.BytesIO()
                made = Photograph(pixels, clear, **rich, dpi=(300.0, 300.0))
                made.write(file, file_format=kind)
                files[f"{name}{'_clear' * (clear is not None)}.{ending}"] = file
    image = Image.fromarray(color)
    for name, picture, options in [
        ("progressive.jpg", image, {"progressive": True}),
        ("cmyk.jpg", image.convert("CMYK"), {"icc_profile": profile}),
        ("palette.png", image.convert("P"), {"transparency": 3}),
        ("bits.png", image.convert("1"), {}),
        ("still.gif", image, {}),
        ("moving.gif", image, {"save_all": True, "append_images": [image.rotate(90)]}),
        ("lossless.webp", image, {"lossless": True}),
        ("lzw.tif", image, {"compression": "tiff_lzw"}),
        ("jpeg.tif", image, {"compression": "jpeg"}),
        ("fax.tif", image.convert("1"), {"compression": "group4"}),
        ("plain.tif", image, {"exif": exif.tobytes()}),
        ("cmyk.tif", image.convert("CMYK"), {"icc_profile": profile}),
        ("pages.tif", image, {"save_all": True, "append_images": [image]}),
    ]:
        files[name] = io.BytesIO()
        kind = Image.registered_extensions()[f".{name.split('.')[-1]}"]
        picture.save(files[name], kind, **options)
    try:
        import pillow_heif

        pillow_heif.register_heif_opener()
        files["phone.heic"] = io.BytesIO()
        image.save(files["phone.heic"], "HEIF", exif=exif)
    except ImportError:
        pass
    return {name: file.getvalue() for name, file in files.items()}


def damaged(files, rng):
    """One damaged file: (name, content)."""
    names = sorted(files)
    name, other = rng.choice(names), rng.choice(names)
    content = bytearray(files[name])
    for _ in range(rng.integers(1, 3)):
        content = MUTATIONS[rng.integers(len(MUTATIONS))](content, files[other], rng)
    if content.startswith(PNG) and rng.random() < 0.7:
        repair_checksums(content)
    if rng.random() < 0.1:
        name = other  # the content of one under the ending of another
    return name, bytes(content)


def repair_checksums(content):
    """Make the checksums of a PNG's chunks true, for its reader to get beyond them."""
    start = len(PNG)
    while start + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, start)
        end = start + 8 + length
        if end + 4 > len(content):
            break
        struct.pack_into(">I", content, end, zlib.crc32(content[start + 4 : end]))
        start = end + 4


def _place(content, rng):
    """Half of the time among the first bytes, where the header is."""
    end = min(len(content), 300) if rng.random() < 0.5 else len(content)
    return int(rng.integers(end + 1))


def flip(content, other, rng):
    for _ in range(rng.integers(1, 9)):
        at = _place(content, rng)
        if at < len(content):
            content[at] ^= 1 << rng.integers(8)
    return content


def overwrite(content, other, rng):
    at = _place(content, rng)
    junk = rng.bytes(rng.integers(1, 65))
    content[at : at + len(junk)] = junk
    return content


def set_number(content, other, rng):
    """An extreme number where the format may keep a size or a place."""
    at = _place(content, rng)
    number = rng.choice([0, 1, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFF])
    layout = rng.choice(["<I", ">I"]) if number > 0xFFFF else rng.choice(["<H", ">H"])
    content[at : at + struct.calcsize(layout)] = struct.pack(layout, number)
    return content


def truncate(content, other, rng):
    return content[: _place(content, rng)]


def remove(content, other, rng):
    at = _place(content, rng)
    del content[at : at + int(rng.integers(1, 200))]
    return content


def repeat(content, other, rng):
    at = _place(content, rng)
    part = content[at : at + int(rng.integers(1, 200))]
    return content[:at] + part * int(rng.integers(2, 50)) + content[at:]


def splice(content, other, rng):
    """The head of one file and the tail of another."""
    return content[: _place(content, rng)] + other[_place(other, rng) :]


MUTATIONS = (flip, overwrite, set_number, truncate, remove, repeat, splice)


def check(enhancer, directory, name, content, ending):
    """Enhance one file; ("done" or "refused", what is wrong with how it went)."""
    source, target = directory / "in" / name, directory / "out" / f"{name}.{ending}"
    source.write_bytes(content)
    wrong = []
    begun = time.perf_counter()
    try:
        enhancer.enhance_file(source, target)
        result = "done"
    except (ValueError, OSError, MemoryError) as error:
        result = "refused"
        names_it = str(source) in str(error) or str(target) in str(error)
        if not names_it or "\n" in str(error):
            wrong.append(f"not one line that names the file: {error!r}")
    except BaseException as error:  # noqa: BLE001, that is what is looked for
        result = "refused"
        wrong.append(f"raised {type(error).__name__}: {error}")
    seconds = time.perf_counter() - begun
    if seconds > MOST_SECONDS:
        wrong.append(f"took {seconds:.1f} s")
    if source.read_bytes() != content:
        wrong.append("the input has changed")
    left = sorted(os.listdir(directory / "out"))
    if left != ([target.name] if result == "done" else []):
        wrong.append(f"left behind: {left}")
    elif result == "done":
        Photograph.read(target)
        target.unlink()
    source.unlink()
    return result, wrong


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    warnings.filterwarnings("ignore", module="PIL")
    cli.start_backend("cpu")
    from zero_dce_keras import Enhancer, ZeroDCE

    enhancer = Enhancer(ZeroDCE(filters=4, num_layers=3))
    files = seed_files()
    counts, failures = collections.Counter(), 0
    slowest = 0.0
    with tempfile.TemporaryDirectory() as directory:
        directory = Path(directory)
        (directory / "in").mkdir()
        (directory / "out").mkdir()
        for name, content in files.items():
            result, wrong = check(enhancer, directory, name, content, "tif")
            assert not wrong and (result == "done") != (name == "moving.gif"), name
        before, begun = peak_memory(), time.perf_counter()
        for case in range(args.cases):
            rng = np.random.default_rng([args.seed, case])
            name, content = damaged(files, rng)
            start = time.perf_counter()
            ending = ENDINGS[case % len(ENDINGS)]
            result, wrong = check(enhancer, directory, name, content, ending)
            slowest = max(slowest, time.perf_counter() - start)
            counts[result] += 1
            for line in wrong:
                failures += 1
                print(f"seed {args.seed}, case {case}, {name}: {line}")
        grown = peak_memory() - before
        seconds = time.perf_counter() - begun
    if grown > MOST_MEGABYTES:
        failures += 1
        print(f"memory grew by {grown:.0f} MB, more than {MOST_MEGABYTES}")
    print(
        f"{args.cases} cases of {len(files)} files: {counts['done']} enhanced, "
        f"{counts['refused']} refused, {failures} wrong; slowest {slowest:.2f} s, "
        f"memory {grown:+.0f} MB, {seconds:.0f} s in all"
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
