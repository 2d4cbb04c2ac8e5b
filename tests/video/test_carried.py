"""What a film has beside its pictures: carried on, converted, or named in a note."""

import io
import shutil
import subprocess
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

av = pytest.importorskip("av")
pytest.importorskip("numba")

from av.stream import Disposition
from clips import HEIGHT, WIDTH, packets, pictures, samples, streams, write_film

from zero_dce_keras import Enhancer
from zero_dce_keras.video import enhance_video


def jpeg():
    file = io.BytesIO()
    Image.new("RGB", (16, 8), "maroon").save(file, "JPEG")
    return file.getvalue()


MS = Fraction(1, 1000)
LINES = [(100, 200, "Guten Abend"), (250, 380, "Good night")]


@pytest.fixture(scope="module")
def enhancer():
    return Enhancer.from_preset("zero_dce_general")


@pytest.fixture
def convert(enhancer, tmp_path):
    """Enhance a clip into a container; return its path and the notes."""

    def call(clip, suffix):
        target = tmp_path / f"out{suffix}"
        done = enhance_video(enhancer, clip, target, strength=0.0, overwrite=True)
        assert done.num_frames == 10
        return target, done.notes

    return call


@pytest.mark.parametrize(
    "encoder, source, target, codec, note",
    [
        ("aac", ".mp4", ".mkv", "aac", None),
        ("aac", ".ts", ".mov", "aac", None),
        ("pcm_s16le", ".avi", ".mp4", "pcm_s16le", None),
        ("pcm_s16be", ".mov", ".mkv", "pcm_s16be", None),
        ("pcm_s24be", ".mov", ".avi", "pcm_s24le", "pcm_s24be) became pcm_s24le"),
        ("pcm_mulaw", ".mov", ".mkv", "pcm_s16le", "pcm_mulaw) became pcm_s16le"),
        ("adpcm_ms", ".avi", ".mkv", "pcm_s16le", "adpcm_ms) became pcm_s16le"),
        ("libopus", ".mkv", ".mov", "aac", "opus) became AAC"),
        ("flac", ".mkv", ".mov", "aac", "flac) became AAC"),
        ("wmav2", ".wmv", ".mkv", "aac", "wmav2) became AAC"),
        ("mp2", ".avi", ".webm", "opus", "mp2) became Opus"),
    ],
)
def test_sound_is_copied_or_converted(
    convert, tmp_path, encoder, source, target, codec, note
):
    def prepare(container):
        container.streams.audio[0].codec_context.bit_rate = 128_000

    clip = write_film(tmp_path / f"in{source}", sound=encoder, prepare=prepare)
    result, notes = convert(clip, target)
    assert ("audio", codec) in streams(result)
    assert [note in each for each in notes] == ([True] if note else [])
    if note is None and source != ".ts":
        assert packets(result) == packets(clip)
    sound, original = samples(result), samples(clip)
    assert abs(len(sound) - len(original)) < 0.1 * 48000
    for each in (sound, original):  # a sine of 440 Hz
        middle = each[len(each) // 2 - 4800 : len(each) // 2 + 4800]
        loudest = np.argmax(np.abs(np.fft.rfft(middle * np.hanning(9600))))
        assert loudest * 5 == 440 and middle.std() == pytest.approx(0.354, rel=0.1)


@pytest.mark.parametrize(
    "encoder, suffix", [("pcm_alaw", ".avi"), ("adpcm_ms", ".avi")]
)
def test_what_becomes_pcm_is_the_same_sound(convert, tmp_path, encoder, suffix):
    clip = write_film(tmp_path / f"in{suffix}", sound=encoder)
    result, _ = convert(clip, ".mkv")
    before, after = samples(clip), samples(result)
    np.testing.assert_array_equal(after[: len(before)], before[: len(after)])
    assert abs(len(before) - len(after)) < 2048


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg encodes TrueHD")
def test_truehd(convert, tmp_path):
    clip = write_film(tmp_path / "a.mkv", sound="pcm_s16le")
    quietly = ["ffmpeg", "-v", "error", "-i", clip, "-c:v", "copy", "-c:a", "truehd"]
    subprocess.run([*quietly, "-strict", "-2", tmp_path / "in.mkv"], check=True)
    result, notes = convert(tmp_path / "in.mkv", ".mp4")
    assert ("audio", "aac") in streams(result)
    assert notes == ("audio (truehd) became AAC",)


@pytest.mark.parametrize(
    "suffix, codec, name",
    [
        (".mp4", "mov_text", "mov_text"),
        (".webm", "webvtt", "WebVTT"),
        (".avi", None, ""),
    ],
)
def test_subtitles_become_those_of_the_container(
    convert, tmp_path, suffix, codec, name
):
    clip = write_film(tmp_path / "in.mkv", sound=None, words=LINES)
    result, notes = convert(clip, suffix)
    if codec is None:
        assert notes == ("subtitle (ass) left out: avi does not take it; try .mkv",)
        return
    assert notes == (f"subtitle (ass) became {name}",)
    with av.open(str(result)) as container:
        (stream,) = container.streams.subtitles
        assert stream.codec_context.codec.canonical_name == codec
        lines = [p for p in container.demux(stream) if p.size > 2]
        starts = [float(p.pts * p.time_base) for p in lines]
        assert starts == pytest.approx([0.1, 0.25], abs=0.002)
        assert [text.encode() in bytes(p) for (_, _, text), p in zip(LINES, lines)]
        assert float(lines[0].duration * lines[0].time_base) == pytest.approx(
            0.1, abs=0.01
        )


def test_mov_text_becomes_srt(convert, tmp_path):
    clip = write_film(tmp_path / "in.mkv", sound=None, words=LINES)
    first, _ = convert(clip, ".mp4")
    second, notes = convert(first.rename(tmp_path / "a.mp4"), ".mkv")
    assert notes == ("subtitle (mov_text) became SRT",)
    assert [b"Guten Abend" in p for p in packets(second, "subtitles")] == [True, False]


def test_a_cover_stays_one(convert, tmp_path):
    def prepare(container):
        container.add_attachment("cover.jpg", "image/jpeg", jpeg())

    clip = write_film(tmp_path / "in.mkv", sound=None, prepare=prepare)
    covers = {}
    for suffix in (".mkv", ".mp4", ".avi"):
        result, notes = convert(clip, suffix)
        with av.open(str(result)) as container:
            covers[suffix] = [
                bytes(next(container.demux(stream)))
                for stream in container.streams.video
                if stream.disposition & Disposition.attached_pic
            ]
        expected = (
            () if suffix != ".avi" else ("cover (jpeg) left out: avi does not take it",)
        )
        assert notes == expected
    assert covers == {".mkv": [jpeg()], ".mp4": [jpeg()], ".avi": []}


def test_fonts_stay_or_are_named(convert, tmp_path):
    def prepare(container):
        container.add_attachment("Night.ttf", "application/x-truetype-font", b"font")

    clip = write_film(tmp_path / "in.mkv", sound=None, prepare=prepare)
    result, notes = convert(clip, ".mkv")
    with av.open(str(result)) as container:
        (font,) = container.streams.attachments
        assert (font.name, font.data, notes) == ("Night.ttf", b"font", ())
        assert font.mimetype == "application/x-truetype-font"
    assert convert(clip, ".mp4")[1] == ("Night.ttf left out: mp4 takes no attachments",)


def test_a_second_film_is_named(convert, tmp_path):
    def prepare(container):
        stream = container.add_stream("mpeg4", 25)
        stream.codec_context.width, stream.codec_context.height = (
            WIDTH // 2,
            HEIGHT // 2,
        )

    clip = write_film(tmp_path / "in.mkv", sound=None, prepare=prepare)
    assert convert(clip, ".mp4")[1] == (
        "a second video stream left out (mpeg4, 32×24)",
    )


@pytest.mark.parametrize(
    "suffix, note",
    [
        (".ts", None),
        (".mkv", "data (klv) left out: matroska does not take it"),
        (".avi", "data (klv) is in .avi as something unknown"),
    ],
)
def test_data_stay_or_are_named(convert, tmp_path, suffix, note):
    def prepare(container):
        packet = av.Packet(b"KLV" + bytes(20))
        packet.stream = container.add_data_stream("klv")
        packet.pts = packet.dts = 0
        packet.time_base = MS
        container.mux(packet)

    clip = write_film(tmp_path / "in.ts", sound=None, prepare=prepare)
    assert ("data", "klv") in streams(clip)
    result, notes = convert(clip, suffix)
    assert notes == ((note,) if note else ())
    assert (("data", "klv") in streams(result)) == (note is None)


def test_tags_chapters_and_flags(convert, tmp_path):
    tags = {"title": "Nacht & Nebel", "artist": "Ä. Müller", "comment": "zwei Zeilen"}
    chapters = [
        {
            "id": i,
            "start": 200 * i,
            "end": 200 * i + 200,
            "time_base": MS,
            "metadata": {"title": t},
        }
        for i, t in enumerate(("Eins", "Zwei"))
    ]

    def prepare(container):
        container.metadata.update(tags)
        container.set_chapters(chapters)
        sound = container.streams.audio[0]
        sound.metadata.update(language="deu", title="Kommentar")
        sound.disposition = Disposition.comment
        container.streams.video[0].disposition = Disposition.default

    clip = write_film(tmp_path / "in.mkv", prepare=prepare)
    for suffix in (".mkv", ".mp4", ".mov"):
        result, notes = convert(clip, suffix)
        with av.open(str(result)) as container:
            found = {key.lower(): value for key, value in container.metadata.items()}
            assert found.items() >= tags.items()
            assert [c["metadata"]["title"] for c in container.chapters()] == [
                "Eins",
                "Zwei",
            ]
            is_named = any("does not hold them: language" in note for note in notes)
            assert is_named or container.streams.audio[0].language == "deu"
            assert is_named == (suffix == ".mov")
            assert container.streams.video[0].disposition & Disposition.default
            if suffix == ".mkv":
                assert container.streams.audio[0].disposition == Disposition.comment
                assert notes == ()
    notes = convert(clip, ".ts")[1]
    assert "2 chapters left out: not in .ts" in notes
    (line,) = (note for note in notes if note.startswith("tags left out"))
    assert "ARTIST" in line and "COMMENT" in line
    assert any(
        n.startswith("flags of streams left out") and "comment" in n for n in notes
    )


def test_the_tags_of_telephones(convert, tmp_path):
    tags = {
        "com.apple.quicktime.location.ISO6709": "+48.1371+011.5754+500/",
        "com.apple.quicktime.model": "iPhone 15 Pro",
        "com.android.version": "14",
    }
    clip = write_film(
        tmp_path / "in.mov",
        prepare=lambda container: container.metadata.update(tags),
        movflags="use_metadata_tags",
    )
    for suffix in (".mov", ".mp4"):
        result, notes = convert(clip, suffix)
        with av.open(str(result)) as container:
            assert container.metadata.items() >= tags.items() and notes == ()


def test_rotation_that_avi_does_not_hold(convert, tmp_path):
    clip = write_film(
        tmp_path / "in.mp4",
        prepare=lambda container: container.streams.video[0].set_display_rotation(90),
    )
    assert convert(clip, ".mp4")[1] == ()
    assert convert(clip, ".avi")[1] == ("rotation left out: not in .avi",)


def test_transparency_is_named(convert, tmp_path):
    frames = [
        av.VideoFrame.from_ndarray(np.dstack([rgb, rgb[..., 0]]), "rgba")
        for rgb in pictures()
    ]
    clip = write_film(tmp_path / "in.mov", frames, sound=None, encoder="png")
    assert convert(clip, ".mp4")[1] == ("its transparency is left out",)


def test_a_packet_that_is_refused_does_not_end_the_run(convert, tmp_path, monkeypatch):
    from zero_dce_keras.video.converters import Copied

    original, calls = Copied.convert, []

    def convert_all_but_one(self, packet):
        if "trial" not in self.stream.container.name:
            calls.append(packet)
        if len(calls) == 6 and packet is calls[-1]:
            raise av.error.InvalidDataError(0, "damaged")
        return original(self, packet)

    clip = write_film(tmp_path / "in.mkv")
    monkeypatch.setattr(Copied, "convert", convert_all_but_one)
    result, notes = convert(clip, ".mp4")
    assert notes == ("audio (aac): 1 packets could not be written",)
    assert len(packets(result)) == len(packets(clip)) - 1
