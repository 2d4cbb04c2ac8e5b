"""What a film that was written lacks of its original: tags, chapters, flags, rotation."""

import contextlib

import av
from av.stream import Disposition

from zero_dce_keras.video.converters import name_of

# What a container says about itself, or about the bytes of its file.
OWN = {
    *("encoder", "major_brand", "minor_version", "compatible_brands", "duration"),
    *("handler_name", "vendor_id", "bps", "number_of_frames", "number_of_bytes"),
    *("_statistics_writing_app", "_statistics_writing_date_utc", "_statistics_tags"),
    *("filename", "mimetype", "isvbr", "software"),
}  # fmt: skip
FLAGS = ("default", "forced", "comment", "hearing_impaired", "visual_impaired", "dub")


def notes_on_losses(source, path, indices):
    """Return notes, list of str, on what a written film lacks.

    Args:
        source: `av.container.InputContainer` of the original.
        path: the film that was written.
        indices: {index of a stream of the original: index of its copy}.
    """
    try:
        target = av.open(f"file:{path}")
    except (ValueError, av.FFmpegError):
        return ["it could not be read again, to see what is lost"]
    with target:
        name = path.suffix.lower()
        pairs = [
            (source.streams[old], target.streams[new])
            for old, new in indices.items()
            if new < len(target.streams)
        ]
        notes = []
        tags = _lost_tags(source.metadata, target.metadata)
        for old, new in pairs:
            tags |= _lost_tags(old.metadata, target.metadata | new.metadata)
        if tags:
            notes.append(
                f"tags left out, {name} does not hold them: {', '.join(sorted(tags))}"
            )
        for old, new in pairs:
            if new.type != old.type:
                notes.append(f"{name_of(old)} is in {name} as something unknown")
        if len(target.chapters()) < len(source.chapters()):
            notes.append(f"{len(source.chapters())} chapters left out: not in {name}")
        flags = {flag for old, new in pairs for flag in _lost_flags(old, new)}
        if flags - {"default"}:
            names = ", ".join(sorted(flags))
            notes.append(
                f"flags of streams left out, {name} does not hold them: {names}"
            )
        if _rotation(source) != _rotation(target):
            notes.append(f"rotation left out: not in {name}")
        return notes


def _lost_tags(old, new):
    """Return the keys whose values are in neither the same nor another tag."""
    keys, values = {key.lower() for key in new}, {*new.values()}
    return {
        key
        for key, value in old.items()
        if key.lower() not in keys | OWN
        and key.partition("-")[0].lower() not in OWN
        and value not in (*values, "und", "")
    }


def _lost_flags(old, new):
    lost = old.disposition & ~new.disposition
    return [name for name in FLAGS if lost & Disposition[name]]


def _rotation(container):
    with contextlib.suppress(av.FFmpegError, StopIteration):
        container.seek(0)
        return next(container.decode(video=0)).rotation
    return 0
