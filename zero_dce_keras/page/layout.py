"""The page itself: what lies where, and what happens on a click."""

import functools
import html
from pathlib import Path

import gradio as gr

from zero_dce_keras.errors import one_line
from zero_dce_keras.inference import Enhancer
from zero_dce_keras.models import list_presets
from zero_dce_keras.page.kinds import PHOTOGRAPHS, VIDEOS, enhance_into, place_of
from zero_dce_keras.page.preview import Preview

MOST_ITERATIONS = 16
ERRORS = (ValueError, OSError, MemoryError, ImportError)  # that a file can cause
SECONDS = 24 * 3600  # that files and curves of a page are kept
# One at a time: what lies between filter and curves is used again, and there is one
# processor.
NETWORK = {"concurrency_id": "network", "concurrency_limit": 1}

enhancer_of = functools.cache(Enhancer.from_preset)


def build_page(weights, directory):
    """Build the page.

    Args:
        weights: str, what to begin with: a preset or anything that `--weights` takes.
        directory: path of a directory for the files that are made.

    Returns:
        `gradio.Blocks`.

    Raises:
        ValueError: if the weights are those of a model without curves.
    """
    if not enhancer_of(weights).has_curves:
        raise ValueError(f"{weights}: the sliders need a model with curves")
    presets = [name for name in list_presets() if _has_curves(name)]
    choices = [*dict.fromkeys([weights, *presets])]
    with gr.Blocks(
        analytics_enabled=False,
        title="zero_dce_keras",
        fill_width=True,
        delete_cache=(SECONDS // 10, SECONDS),
    ) as page:
        gr.Markdown("## Seeing in the dark\nNothing leaves this computer.")
        with gr.Tab(PHOTOGRAPHS.name):
            _add_tab(PHOTOGRAPHS, choices, weights, Path(directory))
        with gr.Tab(VIDEOS.name):
            _add_tab(VIDEOS, choices, weights, Path(directory))
    return page


def _add_tab(kind, choices, weights, directory):
    name = kind.name.lower()
    preview = gr.State(time_to_live=SECONDS)
    with gr.Row():
        with gr.Column(scale=1, min_width=280):
            file = gr.File(label=kind.name, file_types=[*kind.suffixes], height=140)
            preset = gr.Dropdown(choices, value=weights, label="Preset")
            denoise = gr.Checkbox(
                value=True,
                interactive=_can_denoise(weights),
                label="Denoise",
                info="Smooth the noise first; for presets with a filter.",
            )
            iterations = gr.Slider(
                0,
                MOST_ITERATIONS,
                value=enhancer_of(weights).num_iterations,
                step=1,
                label="Iterations",
            )
            strength = gr.Slider(0, 1, value=1, step=0.01, label="Strength")
            make = gr.Button("Enhance at full size", variant="primary")
            result = gr.DownloadButton("Save", interactive=False)
        picture = gr.ImageSlider(
            label="Before | after" + (" (first frame)" if kind is VIDEOS else ""),
            format="jpeg",
            interactive=False,
            buttons=["fullscreen"],
            max_height=680,
            scale=3,
        )

    def open_file(path, weights, denoises):
        """Estimate curves for another file, or by other weights."""
        box = gr.update(interactive=_can_denoise(weights))
        if path is None:
            return None, box
        try:
            picture = kind.show(path)
            preview = Preview(enhancer_of(weights), picture, _denoise(denoises))
        except ERRORS as error:
            _warn(error, path)
            return None, box
        return preview, box

    def adjust(preview, iterations, strength):
        """Apply the same curves in another way: no network."""
        pair = preview and (preview.before, preview.after(int(iterations), strength))
        return pair, _nothing_to_save()

    def enhance(
        path,
        weights,
        denoises,
        iterations,
        strength,
        request: gr.Request,
        progress=gr.Progress(),  # noqa: B008, how Gradio asks for it
    ):
        """Enhance the file itself, at full size."""
        if path is None:
            gr.Info(f"Give a {name} first.")
            return _nothing_to_save()
        target = place_of(request.session_hash, kind, directory)
        options = {"iterations": int(iterations), "strength": strength}
        options["denoise"] = _denoise(denoises)

        def show_progress(done, expected):
            progress((done, expected or None), unit="frames")

        try:
            made, notes = enhance_into(
                target, kind, enhancer_of(weights), path, show_progress, **options
            )
        except ERRORS as error:
            _warn(error, path)
            return _nothing_to_save()
        for note in notes:
            gr.Info(html.escape(note))
        size = made.stat().st_size / 1e6
        label = f"Save ({size:.1f} MB)"
        return gr.DownloadButton(label, value=made, interactive=True, variant="primary")

    choice = [file, preset, denoise]
    looks = [iterations, strength]
    shown = [picture, result]
    opened = gr.on(
        [file.change, preset.input, denoise.input],
        open_file,
        choice,
        [preview, denoise],
        show_progress_on=picture,
        trigger_mode="always_last",
        api_visibility="private",
        **NETWORK,
    )
    quietly = {"show_progress": "hidden", "api_visibility": "private"}
    opened.then(adjust, [preview, *looks], shown, **quietly)
    gr.on(
        [slider.change for slider in looks],
        adjust,
        [preview, *looks],
        shown,
        trigger_mode="always_last",  # of the places that a slider is dragged over
        **quietly,
    )
    make.click(
        enhance,
        [*choice, *looks],
        result,
        show_progress_on=picture,
        api_visibility="private",
        **NETWORK,
    )


def _nothing_to_save():
    return gr.DownloadButton("Save", value=None, interactive=False, variant="secondary")


def _has_curves(preset):
    try:
        return enhancer_of(preset).has_curves
    except ValueError:  # of another version of the package
        return False


def _can_denoise(weights):
    try:
        return enhancer_of(weights).can_denoise
    except ValueError:
        return False


def _denoise(checked):
    """Return the option: a preset without a filter has nothing to leave out."""
    return None if checked else False


def _warn(error, path):
    """Show an error in one line, with the file's name in place of where Gradio keeps it."""
    line = one_line(error)
    gr.Warning(html.escape(line.replace(str(path), Path(path).name)))
