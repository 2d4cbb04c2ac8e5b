"""The page itself: what lies where, and what happens on a click."""

import functools
import html
from pathlib import Path

import gradio as gr

from zero_dce_keras.data.sample import write_example
from zero_dce_keras.errors import one_line
from zero_dce_keras.extras import how_to_install
from zero_dce_keras.inference import Enhancer
from zero_dce_keras.models.presets import list_presets
from zero_dce_keras.page import working
from zero_dce_keras.page.kinds import (
    FILMS,
    PHOTOGRAPHS,
    enhance_into,
    enhance_into_zip,
    kind_of,
    place_of,
)
from zero_dce_keras.page.looks import LOOKS, look_of
from zero_dce_keras.page.preview import Preview, to_screen, to_thumbnail

MOST_ITERATIONS = 16
ERRORS = (ValueError, OSError, MemoryError, ImportError)  # that a file can cause
SECONDS = 24 * 3600  # that files and curves of a page are kept
EXAMPLE = "example.jpg"
# One at a time: what lies between filter and curves is used again, and there is one
# processor.
NETWORK = {"concurrency_id": "network", "concurrency_limit": 1}
QUIETLY = {"show_progress": "hidden", "api_visibility": "private"}
# A file that is made is saved without a second click. The button stays, if the browser
# asks first.
SAVE = """
() => {
    let looks = 0
    const timer = setInterval(() => {
        const button = document.querySelector("#made")
        if (button || ++looks > 50) clearInterval(timer)
        button?.click()
    }, 100)
}
"""

enhancer_of = functools.cache(Enhancer.from_preset)


def build_page(weights, directory):
    """Build the page.

    Args:
        weights: str, what to begin with: a preset or anything that `--weights` takes.
        directory: path of a directory for the files that are made.

    Returns:
        `gradio.Blocks`.

    Raises:
        ValueError: if the weights cannot be opened.
    """
    begin = enhancer_of(weights)
    presets = [*dict.fromkeys([weights, *list_presets()])]
    example = _make_example(directory)
    with gr.Blocks(
        analytics_enabled=False,
        title="zero_dce_keras",
        fill_width=True,
        delete_cache=(SECONDS // 10, SECONDS),
    ) as page:
        album = gr.State([])  # paths of what is in the strip
        chosen = gr.State(0)
        current = gr.State(weights)
        preview = gr.State(time_to_live=SECONDS)
        gr.Markdown(
            "# Seeing in the dark\nNothing leaves this computer.", elem_id="head"
        )
        with gr.Row(elem_id="desk"):
            with gr.Column(scale=3, min_width=320, elem_id="stage"):
                with gr.Column(elem_id="frame", min_width=0):
                    picture = gr.ImageSlider(
                        label="Before | after",
                        format="jpeg",
                        interactive=False,
                        buttons=["fullscreen"],
                        max_height=560,
                        elem_id="picture",
                    )
                    bar = gr.HTML(elem_id="bar")
                strip = gr.Gallery(
                    label="What was opened",
                    show_label=False,
                    columns=8,
                    fit_columns=False,
                    height=130,
                    allow_preview=False,
                    object_fit="cover",
                    interactive=False,
                    buttons=[],
                    visible=False,
                    elem_id="strip",
                )
            with gr.Column(scale=1, min_width=300, elem_id="controls"):
                files = gr.File(
                    label="Photographs and films",
                    file_count="multiple",
                    file_types=[*PHOTOGRAPHS.suffixes, *FILMS.suffixes],
                    height=150,
                )
                look = gr.Radio(
                    [(look.label, look.preset) for look in LOOKS],
                    value=look_of(weights),
                    label="Look",
                )
                strength = gr.Slider(
                    0,
                    1,
                    value=1,
                    step=0.01,
                    interactive=begin.has_curves,
                    label="Strength",
                )
                save = gr.Button("Save", variant="primary")
                save_all = gr.Button("Save all as a zip", visible=False)
                made = gr.DownloadButton("Save again", visible=False, elem_id="made")
                with gr.Accordion("Advanced", open=False):
                    iterations = gr.Slider(
                        0,
                        MOST_ITERATIONS,
                        value=begin.num_iterations if begin.has_curves else 0,
                        step=1,
                        interactive=begin.has_curves,
                        label="Iterations",
                        info="How often the curves are applied.",
                    )
                    preset = gr.Dropdown(presets, value=weights, label="Preset")
                    denoise = gr.Checkbox(
                        value=True,
                        interactive=begin.can_denoise,
                        label="Denoise",
                        info="Smooth the noise first; for presets with a filter.",
                    )

        settings = [preset, denoise, iterations, strength]
        shown = [preview, picture, made, bar, strength, iterations, denoise]

        def show(path, *settings):
            """Yield what `shown` become, while a file is opened and looked at."""
            yield _bar_only(shown, _looking_at(path))
            try:
                photograph = kind_of(path).show(path)
            except ERRORS as error:
                _warn(error, path)
                yield _bar_only(shown, "")
            else:
                yield look_at(path, photograph, *settings)

        def look_at(path, photograph, weights, denoises, iterations, strength):
            """Return what `shown` become with a photograph that is open."""
            try:
                enhancer = enhancer_of(weights)
                opened = Preview(enhancer, photograph, _denoise(denoises))
            except ERRORS as error:
                _warn(error, path)
                return _bar_only(shown, "")
            pair = _pair(opened, iterations, strength)
            return [
                opened,
                gr.ImageSlider(pair, label=_title(path, example)),
                gr.DownloadButton(visible=False),
                "",
                gr.Slider(interactive=enhancer.has_curves),
                gr.Slider(interactive=enhancer.has_curves),
                gr.Checkbox(interactive=enhancer.can_denoise),
            ]

        def open_files(paths, *settings):
            """Open the files that were given, or the example; show the first one."""
            paths = paths or ([example] if example else [])
            found, thumbnails = [], []
            skip = [gr.skip()] * len(shown)
            for path in paths:
                if not found:
                    yield [*[gr.skip()] * 4, *_bar_only(shown, _looking_at(path))]
                try:
                    photograph = kind_of(path).show(path)
                    thumbnail = to_thumbnail(to_screen(photograph))
                except ERRORS as error:
                    _warn(error, path)
                    continue
                found.append(path)
                thumbnails.append((thumbnail, Path(path).name))
                if len(found) == 1:
                    hidden = [gr.Gallery(visible=False), gr.Button(visible=False)]
                    update = look_at(path, photograph, *settings)
                    yield [found, 0, *hidden, *update]
                else:
                    all_of_them = gr.Gallery(thumbnails, visible=True, selected_index=0)
                    yield [found, 0, all_of_them, gr.Button(visible=True), *skip]
            if not found:
                nothing = [None, None, gr.DownloadButton(visible=False), ""]
                hidden = [gr.Gallery(visible=False), gr.Button(visible=False)]
                yield [[], 0, *hidden, *nothing, *[gr.skip()] * 3]

        # Gradio gives events and requests by their place, which must not follow *settings.
        def choose(event: gr.SelectData, album, *settings):
            for update in show(album[event.index], *settings):
                yield [event.index, *update]

        def change_weights(weights, current, album, chosen, *settings):
            """Look at the same file by other weights, if these can be opened."""
            try:
                enhancer_of(weights)
            except ERRORS as error:
                _warn(error, weights)
                weights = current
            which = [weights, look_of(weights), weights]
            if weights == current or not album:
                yield [*which, *_bar_only(shown, "")]
                return
            for update in show(album[chosen], weights, *settings):
                yield [*which, *update]

        def change_denoise(album, chosen, *settings):
            if album:
                yield from show(album[chosen], *settings)

        def adjust(preview, iterations, strength):
            """Apply the same curves in another way: no network."""
            pair = preview and _pair(preview, iterations, strength)
            return pair, gr.DownloadButton(visible=False)

        def make(request: gr.Request, album, chosen, *settings):
            """Enhance the file that is shown, at full size."""
            if not album:
                gr.Info("Give a photograph or a film first.")
                return
            path = album[chosen]
            target = place_of(request.session_hash, directory)
            try:
                enhancer, options = _options(*settings)
                work = working.Work(
                    lambda tell: enhance_into(target, enhancer, path, tell, **options)
                )
                for text in work.bars():
                    yield gr.DownloadButton(visible=False), text
            except ERRORS as error:
                _warn(error, path)
                yield gr.DownloadButton(visible=False), ""
                raise _nothing_made() from None
            result, notes = work.result
            for note in notes:
                gr.Info(html.escape(note))
            yield _made(result), ""

        def make_all(request: gr.Request, album, *settings):
            """Enhance all files of the strip, at full size, into a zip."""
            target = place_of(request.session_hash, directory)
            enhancer, options = _options(*settings)
            work = working.Work(
                lambda tell: enhance_into_zip(target, enhancer, album, tell, **options)
            )
            for text in work.bars():
                yield gr.DownloadButton(visible=False), text
            result, notes, errors = work.result
            for path, note in notes:
                gr.Info(html.escape(f"{Path(path).name}: {note}"))
            for path, error in errors:
                _warn(error, path)
            if result is None:
                yield gr.DownloadButton(visible=False), ""
                raise _nothing_made()
            yield _made(result), ""

        opening = [album, chosen, strip, save_all, *shown]
        gr.on(
            [page.load, files.change],
            open_files,
            [files, *settings],
            opening,
            trigger_mode="always_last",
            **QUIETLY,
            **NETWORK,
        )
        strip.select(choose, [album, *settings], [chosen, *shown], **QUIETLY, **NETWORK)
        which = [album, chosen]
        rest = [denoise, iterations, strength]
        for choice in (look, preset):
            choice.input(
                change_weights,
                [choice, current, *which, *rest],
                [current, look, preset, *shown],
                trigger_mode="always_last",
                **QUIETLY,
                **NETWORK,
            )
        denoise.input(
            change_denoise,
            [*which, *settings],
            shown,
            trigger_mode="always_last",
            **QUIETLY,
            **NETWORK,
        )
        gr.on(
            [strength.change, iterations.change],
            adjust,
            [preview, iterations, strength],
            [picture, made],
            trigger_mode="always_last",  # of the places that a slider is dragged over
            **QUIETLY,
        )
        for button, function, inputs in (
            (save, make, [*which, *settings]),
            (save_all, make_all, [album, *settings]),
        ):
            button.click(function, inputs, [made, bar], **QUIETLY, **NETWORK).success(
                None, js=SAVE, **QUIETLY
            )
    return page


def _make_example(directory):
    """Write the photograph that the page begins with; `None` where it is not there."""
    path = Path(directory) / EXAMPLE
    try:
        write_example(path)
    except (ImportError, OSError):
        return None
    return str(path)


def _options(weights, denoises, iterations, strength):
    """Return the `Enhancer`, and the options that its model takes."""
    enhancer = enhancer_of(weights)
    options = {"denoise": _denoise(denoises)}
    if enhancer.has_curves:
        options |= {"iterations": int(iterations), "strength": strength}
    return enhancer, options


def _pair(preview, iterations, strength):
    return preview.before, preview.after(int(iterations), strength)


def _title(path, example):
    name = "Example" if path == example else Path(path).name
    frame = " (first frame)" if kind_of(path) is FILMS else ""
    return f"{name}{frame}: before | after"


def _looking_at(path):
    return f"Looking at {Path(path).name} …"


def _bar_only(shown, text):
    """Return updates that change nothing but the bar, the fourth."""
    updates = [gr.skip()] * len(shown)
    updates[3] = working.bar(text=text) if text else ""
    return updates


def _made(path):
    size = path.stat().st_size / 1e6
    label = f"Save {path.name} again ({size:.1f} MB)"
    return gr.DownloadButton(label, value=path, visible=True)


def _nothing_made():
    """Return an error that is not shown: only what `success` follows is left out."""
    return gr.Error(visible=False, print_exception=False)


def _denoise(checked):
    """Return the option: a preset without a filter has nothing to leave out."""
    return None if checked else False


def _warn(error, path):
    """Show an error in one line, with the file's name in place of where Gradio keeps it."""
    missing = isinstance(error, ModuleNotFoundError)
    line = how_to_install(error) if missing else one_line(error)
    gr.Warning(html.escape(line.replace(str(path), Path(path).name)))
