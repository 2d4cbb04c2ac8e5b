"""What films lose on the way through `enhance --strength 0` without a word.

    .venv/bin/python benchmarks/corpus_clips.py DIR

Every clip of a folder is run through the command; what ffprobe tells of the input and of
the output is compared: streams, codecs, packets of sound, tags, chapters, flags, colours,
size, rotation, times. A loss that a note of the command names is "noted". The number of
losses that nothing names is printed last: it should be 0, and is the exit code's reason.
"""

import argparse
import collections
import itertools
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# Written by a muxer about itself, or about the bytes of its file.
OWN_TAGS = {
    *("encoder", "major_brand", "minor_version", "compatible_brands", "duration"),
    *("handler_name", "vendor_id", "bps", "number_of_frames", "number_of_bytes"),
    *("_statistics_writing_app", "_statistics_writing_date_utc", "_statistics_tags"),
    *("variant_bitrate", "metadatacreator", "hasvideo", "hasaudio", "canseekontime"),
    *("hasmetadata", "haskeyframes", "hascuepoints", "cansseekontime", "datasize"),
    *("videosize", "audiosize", "lasttimestamp", "lastkeyframetimestamp"),
    *("lastkeyframelocation", "wm/encodingtime", "wmfsdkversion", "wmfsdkneeded"),
    *("isvbr", "devicceconformancetemplate", "software"),
    *("uid", "modification_date", "product_uid", "generation_uid", "material_package_umid"),
    *("company_name", "product_name", "product_version", "application_platform"),
    *("file_package_umid", "file_package_name", "reel_umid", "reel_name"),
    *("operational_pattern_ul", "product_version_num", "toolkit_version_num"),
    *("toolkit_version", "data_type", "track_name"),
}  # fmt: skip
KEPT_FLAGS = ("default", "forced", "comment", "hearing_impaired", "original", "dub")
COLOURS = ("color_range", "color_space", "color_primaries", "color_transfer")
SUFFIXES = (
    *(".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mts", ".webm", ".wmv", ".ts", ".m2ts"),
    *(".mpg", ".mpeg", ".flv", ".3gp", ".vob", ".ogv", ".mxf", ".dv", ".asf"),
)
OPTIONS = ("--strength", "0", "--overwrite", "--json")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path, metavar="DIR")
    parser.add_argument("--keep", type=Path, help="folder for the outputs")
    options = parser.parse_args()
    if not shutil.which("ffprobe"):
        parser.error("this needs ffprobe")
    clips = sorted(
        path
        for path in options.directory.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    )
    with tempfile.TemporaryDirectory() as temporary:
        outputs = options.keep or Path(temporary)
        lines = run(clips, outputs)
        rows = [check(clip, lines.get(str(clip), {})) for clip in clips]
    unnoted = sum(len(row["lost"]) for row in rows)
    for row in rows:
        print(f"{row['name']:18} {row['state']:8} {'; '.join(row['noted'])}")
        for loss in row["lost"]:
            print(f"{'':18} LOST     {loss}")
    states = collections.Counter(row["state"] for row in rows)
    print(", ".join(f"{number} {state}" for state, number in states.items()))
    print(f"{unnoted} losses without a note")
    return 1 if unnoted else 0


def run(clips, directory):
    """Enhance clips; return {path: line of JSON that the command says of it}.

    By kind, each into a folder of its own: some kinds become .mkv.
    """
    found = {}
    for suffix in {clip.suffix for clip in clips}:
        names = [str(clip) for clip in clips if clip.suffix == suffix]
        command = [sys.executable, "-m", "zero_dce_keras.enhance", *names, "-o"]
        done = subprocess.run(
            [*command, f"{directory}/{suffix[1:]}/", *OPTIONS],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        lines = [json.loads(each) for each in done.stdout.splitlines()]
        found |= {line["input"]: line for line in lines if "input" in line}
    return found


def check(clip, line):
    """Return a clip's name, state, losses noted and losses not noted."""
    row = {"name": clip.name, "state": "done", "noted": [], "lost": []}
    if line.get("status") != "done":
        reason = line.get("error") or "not enhanced; the line on stderr says why"
        return row | {"state": "refused", "noted": [reason]}
    target = Path(line["output"])
    notes = line.get("notes", [])
    for what, words in losses(probe(clip), probe(target)):
        is_noted = any(word in note for note in notes for word in words)
        row["noted" if is_noted else "lost"].append(what)
    return row


def probe(path):
    """What ffprobe tells of a file; streams get the facts of their packets."""
    hashes = ["-show_data_hash", "crc32"]
    shown = ["-show_streams", "-show_format", "-show_chapters", "-show_packets"]
    facts = ffprobe(*hashes, *shown, path)
    for stream in facts.get("streams", []):
        stream["packets"] = [
            packet
            for packet in facts["packets"]
            if packet["stream_index"] == stream["index"] and "D" not in packet["flags"]
        ]
    # What decoders say of colours is what is shown; containers may say other things.
    index = str(_film(facts)["index"])
    first = ["-select_streams", index, "-read_intervals", "%+#1", "-show_frames"]
    for frame in ffprobe(*first, path).get("frames", [])[:1]:
        _film(facts).update({key: frame.get(key) for key in COLOURS})
    return facts


def ffprobe(*options):
    command = ["ffprobe", "-v", "error", "-of", "json", *map(str, options)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return json.loads(done.stdout or "{}")


def losses(before, after):
    """Yield (what was lost, words of which a note that names it has one)."""
    yield from _streams(before, after)
    yield from _texts("tag", before["format"].get("tags"), after["format"].get("tags"))
    chapters = [_chapters(facts) for facts in (before, after)]
    if chapters[0] != chapters[1]:
        yield f"chapters {chapters[0]} → {chapters[1]}", ["chapters"]
    yield from _pictures(_film(before), _film(after))
    yield from _clocks(before, after)


def _streams(before, after):
    for kind in ("video", "audio", "subtitle", "data", "attachment"):
        old, new = ([*_of(facts, kind)] for facts in (before, after))
        words = {"subtitle": ["subtitle"], "audio": ["audio"]}.get(kind, [])
        if len(new) < len(old):
            words = [*words, "left out", "cover"]
            yield f"{len(old) - len(new)} of {len(old)} {kind} streams", words
            continue
        for one, other in zip(old, new, strict=False):
            yield from _stream(kind, one, other)


def _stream(kind, one, other):
    name = f"{kind} {one['index']}"
    if kind in ("audio", "subtitle") and one["codec_name"] != other["codec_name"]:
        yield f"{name}: {one['codec_name']} → {other['codec_name']}", ["became"]
    elif kind == "audio":
        data = [[p["data_hash"] for p in s["packets"]] for s in (one, other)]
        missing = collections.Counter(data[0]) - collections.Counter(data[1])
        if missing and _bytes(one) != _bytes(other):  # framed in another way
            yield f"{name}: {missing.total()} of {len(data[0])} packets", ["audio"]
    elif kind == "subtitle" and _texts_of(one) > _texts_of(other):
        yield f"{name}: {_texts_of(one)} → {_texts_of(other)} lines", ["subtitle"]
    yield from _texts(f"tag of {name}", one.get("tags"), other.get("tags"))
    for flag in KEPT_FLAGS:
        was, is_now = one["disposition"][flag], other["disposition"][flag]
        if was != is_now and (was or flag != "default"):
            yield f"{name}: {flag} {was} → {is_now}", ["flag"]


def _bytes(stream):
    return sum(int(packet["size"]) for packet in stream["packets"])


def _texts_of(stream):
    return sum(int(packet["size"]) > 2 for packet in stream["packets"])


def _of(facts, kind):
    return [s for s in facts.get("streams", []) if s.get("codec_type") == kind]


def _film(facts):
    videos = _of(facts, "video")
    films = [s for s in videos if not s["disposition"].get("attached_pic")]
    return (films or videos)[0]


def _texts(name, before, after):
    old, new = (
        {k.lower(): v for k, v in (tags or {}).items()} for tags in (before, after)
    )
    for key, value in old.items():
        base = key.partition("-")[0]
        if (
            key not in OWN_TAGS
            and base not in OWN_TAGS
            and new.get(key) != value
            and value != "und"
        ):
            yield f"{name} {key}={value} → {new.get(key)}", ["tag", key]


def _chapters(facts):
    return [
        (
            round(float(chapter["start_time"]), 2),
            chapter.get("tags", {}).get("title", ""),
        )
        for chapter in facts.get("chapters", [])
    ]


def _pictures(old, new):
    depth = [_depth(stream.get("pix_fmt", "")) for stream in (old, new)]
    if depth[1] < depth[0]:
        yield f"{depth[0]} → {depth[1]} bits", ["bits"]
    if "a" in (old.get("pix_fmt") or "")[:5].replace("gray", "").replace("pal", ""):
        yield f"alpha of {old['pix_fmt']}", ["alpha", "transparen"]
    for key in ("width", "height"):
        if old[key] != new[key]:
            yield f"{key} {old[key]} → {new[key]}", ["became"]
    for key in ("sample_aspect_ratio", "field_order", *COLOURS):
        was, is_now = (_meaning(stream.get(key)) for stream in (old, new))
        if was and was != is_now and not _is_rgb(old):
            yield f"{key} {was} → {is_now}", ["interlace", "HDR", "tone-mapped", key]
    sides = [_sides(stream) for stream in (old, new)]
    for name, value in sides[0].items():
        if sides[1].get(name) != value:
            yield f"{name} {value} → {sides[1].get(name)}", ["HDR", "rotat", name]


def _is_rgb(stream):
    """RGB and grey have colours of their own, which become those of 4:2:0."""
    return stream.get("pix_fmt", "").startswith(("gbr", "rgb", "bgr", "gray", "pal8"))


def _meaning(value):
    return (
        None
        if value in (None, "unknown", "unspecified", "progressive", "1:1")
        else value
    )


def _depth(pixels):
    bits = [int(n) for n in (16, 14, 12, 10, 9) if str(n) in pixels.replace("420p", "")]
    return bits[0] if bits else 8


def _sides(stream):
    found = {}
    for side in stream.get("side_data_list", []):
        name = side["side_data_type"]
        if name not in (
            "CPB properties",
            "H.26[45] User Data Unregistered SEI message",
        ):
            found[name] = side.get("rotation", "")
    return found


def _clocks(before, after):
    starts = [_starts(facts) for facts in (before, after)]
    for kind, start in starts[0].items():
        other = starts[1].get(kind)
        if other is not None and abs(other - start) > 0.03:
            yield (
                f"{kind} starts {start:.3f} → {other:.3f} s after pictures",
                ["became"],
            )
    first = min((_times(s)[0] for s in after["streams"] if _times(s)), default=0)
    if abs(first) > 0.1 and after["format"]["format_name"] not in ("mpegts", "mpeg"):
        yield f"starts at {first:.3f} s", ["start"]
    steps = [_steps(_film(facts)) for facts in (before, after)]
    if len(steps[0]) != len(steps[1]):
        yield (
            f"{len(steps[0]) + 1} → {len(steps[1]) + 1} pictures",
            ["pictures", "frames"],
        )
    elif any(abs(a - b) > 0.002 for a, b in zip(*steps, strict=True)):
        yield "times of pictures", ["clock", "come later"]
    ends = [_last_duration(_film(facts)) for facts in (before, after)]
    if None not in ends and abs(ends[0] - ends[1]) > 0.004:
        yield f"last picture lasts {ends[0]:.3f} → {ends[1]:.3f} s", ["last picture"]
    rates = [_rate(_film(facts)) for facts in (before, after)]
    if rates[0] and rates[1] > 2 * rates[0] + 1:
        yield f"declared rate {rates[0]:.1f} → {rates[1]:.1f}", ["rate"]


def _starts(facts):
    film = _times(_film(facts))
    others = {k: [t for s in _of(facts, k) for t in _times(s)[:1]] for k in ("audio",)}
    return {k: min(v) - film[0] for k, v in others.items() if v and film}


def _times(stream):
    times = (p.get("pts_time", p.get("dts_time")) for p in stream["packets"])
    return sorted(float(time) for time in times if time is not None)


def _steps(stream):
    times = _times(stream)
    return [b - a for a, b in itertools.pairwise(times)]


def _last_duration(stream):
    packets = [p for p in stream["packets"] if "pts_time" in p]
    if not packets:
        return None
    last = max(packets, key=lambda packet: float(packet["pts_time"]))
    return float(last["duration_time"]) if "duration_time" in last else None


def _rate(stream):
    number, _, divisor = stream.get("avg_frame_rate", "0/0").partition("/")
    return float(number) / float(divisor) if float(divisor or 0) else 0


if __name__ == "__main__":
    sys.exit(main())
