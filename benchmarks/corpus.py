"""What of a folder of photographs is lost without a note, at strength 0.

    python benchmarks/corpus.py DIR [--output runs/corpus]

Each file goes through `zero-dce enhance --strength 0`; then both are read by others:
pixels by Pillow, tifffile and pillow-heif, metadata by exiftool (`apt-get install
libimage-exiftool-perl`). A table of the files with something lost is printed, and how
many losses no note names. The aim is 0. What counts as the same:

- pixels: turned upright; to 3 levels of 255 on average where a JPEG or WebP is written, else
  exact; to a level of 255 where this reader of the original sees no more; where a note says "converted", "drawn down" or "read as" they are not compared;
- metadata: a tag of the same name and value in any group. Left aside are what tells of
  the file itself (sizes, offsets, encodings), the thumbnail, and what stands upright now.
"""

import argparse
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from machine import table
from PIL import Image, ImageOps

from zero_dce_keras.images.orientation import turn_upright

# Groups of exiftool that tell of the file, and tags that tell how pixels are stored.
GROUPS = {
    *("ExifTool", "File", "System", "Composite", "JFIF", "QuickTime", "RIFF", "Meta"),
    *("GIF", "BMP", "Jpeg2000"),
}
TAGS = {
    *("Orientation", "ImageWidth", "ImageHeight", "ExifImageWidth", "ExifImageHeight"),
    *("BitsPerSample", "Compression", "PhotometricInterpretation", "StripOffsets"),
    *("SamplesPerPixel", "RowsPerStrip", "StripByteCounts", "PlanarConfiguration"),
    *("ResolutionUnit", "XResolution", "YResolution", "Predictor", "ExtraSamples"),
    *("SampleFormat", "SubfileType", "PageNumber", "TileWidth", "TileLength"),
    *("TileOffsets", "TileByteCounts", "JPEGTables", "ThumbnailOffset", "FillOrder"),
    *("ThumbnailLength", "ThumbnailImage", "PreviewImage", "YCbCrPositioning"),
    *("YCbCrSubSampling", "YCbCrCoefficients", "ReferenceBlackWhite", "Warning"),
    *("BitDepth", "ColorType", "Filter", "Interlace", "PixelsPerUnitX", "Error"),
    *("PixelsPerUnitY", "PixelUnits", "CurrentIPTCDigest", "ColorMap", "NumColors"),
    *("Gamma", "WhitePointX", "WhitePointY", "RedX", "RedY", "GreenX", "GreenY"),
    *("BlueX", "BlueY", "Transparency", "Palette", "ColorPrimaries", "SourceFile"),
    *("TransferCharacteristics", "MatrixCoefficients", "VideoFullRangeFlag"),
    *("SRGBRendering", "IPTCDigest", "DCTEncodeVersion", "APP14Flags0", "InkSet"),
    *("APP14Flags1", "ColorTransform", "HasExtendedXMP", "XMPToolkit", "NumImages"),
    *(
        "PreviewImageStart",
        "PreviewImageLength",
        "ExifByteOrder",
        "HeaderVersion",
        "Planes",
    ),
    *("ImageLength", "PixelsPerMeterX", "PixelsPerMeterY", "MotionPhotoVideo"),
    *("GIFVersion", "HasColorMap", "ColorResolutionDepth", "BackgroundColor"),
    *("SMinSampleValue", "SMaxSampleValue", "ThumbnailTIFF"),
    *("NumChannels", "ColorMode", "DisplayedUnitsX", "DisplayedUnitsY"),
    *("EmbeddedProfile", "RegionAreaX", "RegionAreaY", "RegionAreaW", "RegionAreaH"),
    *("RegionAppliedToDimensionsW", "RegionAppliedToDimensionsH"),
}
# Words of a note by the beginning of the groups that it is about.
NOTED = {
    "MP": ("second picture",),
    "XMP-hdrgm": ("second picture",),
    "XMP-GContainer": ("second picture", "film"),
    "XMP-Container": ("second picture", "film"),
    "XMP-Item": ("second picture", "film"),
    "XMP-GCamera": ("film", "second picture"),
    "XMP": ("XMP",),
    "IPTC": ("IPTC",),
    "Photoshop": ("Photoshop", "IPTC", "layers"),
    "ICC": ("ICC profile", "converted"),
    "PNG": ("PNG text", "left out"),
    "GPS": ("EXIF",),
    "IFD": ("EXIF",),
    "Exif": ("EXIF",),
}
CONVERTED = ("converted", "drawn down", "read as", "are read", "holds 8 bits")
CONVERTED += ("alone is read", "have no white")
NO_ALPHA = "holds no alpha"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", metavar="DIR", type=Path)
    parser.add_argument("--output", type=Path, default=Path("runs/corpus"))
    args = parser.parse_args()
    command = [sys.executable, "-m", "zero_dce_keras.enhance", "--strength", "0"]
    command += ["--json", "--overwrite", "-o", args.output]
    rows, statuses, losses = [], Counter(), 0
    for source in sorted(path for path in args.folder.iterdir() if path.is_file()):
        done = subprocess.run(
            [*command, source], capture_output=True, text=True, check=False
        )
        assert "Traceback" not in done.stderr, (source, done.stderr)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        result = lines[-1] if lines else {"status": "passed over"}
        statuses[result["status"]] += 1
        if result["status"] != "done":
            error = result.get("error", done.stderr.strip())
            rows.append(
                {"file": source.name, "lost without a note": f"({error[:150]})"}
            )
            continue
        target, notes = Path(result["output"]), " ".join(result.get("notes", ()))
        lost = lost_metadata(source, target, notes) + lost_pixels(source, target, notes)
        losses += len(lost)
        if lost:
            rows.append({"file": source.name, "lost without a note": "; ".join(lost)})
    if rows:
        print(table(rows))
    print(", ".join(f"{count} {status}" for status, count in statuses.items()))
    print(f"lost without a note: {losses}")


def tags_of(path):
    """Return {(group, tag): value} as exiftool reads them."""
    command = [
        "exiftool",
        "-j",
        "-G1",
        "-a",
        "-s",
        "-n",
        "-ee",
        "-api",
        "LargeFileSupport=1",
    ]
    done = subprocess.run([*command, path], capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)[0] if done.stdout else {}
    pairs = {}
    for name, value in found.items():
        group, _, tag = name.rpartition(":")
        pairs[group, tag] = value
    return pairs


def lost_metadata(source, target, notes):
    """Return the tags that are gone or changed, and that no note names."""
    before, after = tags_of(source), tags_of(target)
    there = {(tag, str(value)) for (_, tag), value in after.items()}
    lost = []
    for (group, tag), value in before.items():
        if group in GROUPS or group == "IFD1" or tag in TAGS:
            continue
        if (tag, str(value)) in there:
            continue
        words = next((w for start, w in NOTED.items() if group.startswith(start)), ())
        if not any(word in notes for word in words):
            lost.append(f"{group}:{tag}={str(value)[:40]}")
    return lost


def lost_pixels(source, target, notes):
    """Return what is wrong with the pixels, if anything is."""
    if any(word in notes for word in CONVERTED):
        return []
    before, after = pixels_of(source), pixels_of(target)
    if source.suffix.lower() == ".png" and getattr(before, "dtype", 0) == np.uint8:
        with Image.open(source) as image:  # Pillow passes over ImageMagick's APP1
            is_seen = image.getexif().get(274, 1) != 1
        orientation = tags_of(source).get(("IFD0", "Orientation"), 1)
        before = before if is_seen else turn_upright(before, orientation)
    if before is None:
        return []
    if NO_ALPHA in notes:
        before = before[..., :-1]
        before = before[..., 0] if before.shape[-1] == 1 else before
    if before.shape != after.shape:
        return [f"shape {before.shape} → {after.shape}"]
    if before.dtype == np.uint8 and after.dtype == np.uint16:
        most = np.abs(after / 257 - before).max()  # this reader sees 8 bits of it
        return [f"pixels off by {most:.2f}"] if most > 1 else []
    if before.dtype != after.dtype:
        return [f"depth {before.dtype} → {after.dtype}"]
    white = np.iinfo(before.dtype).max
    off = np.abs(before.astype(float) - after).mean() * 255 / white
    lossy = target.suffix.lower() in (
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".webp",
        ".avif",
    )
    most = 3 if lossy else 0
    return [f"pixels off by {off:.4f}"] if off > most else []


def pixels_of(path):
    """Read upright pixels in another way; None for what these readers cannot."""
    try:
        if path.suffix.lower() in (".tif", ".tiff"):
            return _tiff(path)
        if path.suffix.lower() == ".png" and path.read_bytes()[24] == 16:
            import imagecodecs  # Pillow cuts 16 bits off to 8

            samples = imagecodecs.png_decode(path.read_bytes())
            return turn_upright(samples, tags_of(path).get(("IFD0", "Orientation"), 1))
        if path.suffix.lower() in (".heic", ".heif", ".hif"):
            import pillow_heif

            pillow_heif.register_heif_opener()
        with Image.open(path) as image:
            image = ImageOps.exif_transpose(image)
            if image.mode.startswith("I"):
                return np.asarray(image).astype("uint16")
            grey = image.mode in ("1", "L", "LA")
            if image.has_transparency_data:
                return np.asarray(image.convert("LA" if grey else "RGBA"))
            return np.asarray(image.convert("L" if grey else "RGB"))
    except (OSError, ValueError, ImportError):
        return None


def _tiff(path):
    import tifffile

    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        samples = page.asarray()
        orientation = page.tags.get(274)
        if page.axes.startswith("S"):
            samples = np.moveaxis(samples, 0, -1)
        if page.photometric == 0:
            samples = np.iinfo(samples.dtype).max - samples
        if page.photometric > 2 or samples.dtype.itemsize > 2:
            return None
        if page.extrasamples and page.extrasamples[0] == 0:
            samples = samples[..., :3]
    return turn_upright(samples, orientation.value if orientation else 1)


if __name__ == "__main__":
    main()
