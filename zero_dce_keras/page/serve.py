"""The page on this computer alone: no share, no telemetry, nothing from elsewhere."""

import contextlib
import logging
import os
import signal
import tempfile
import threading
from pathlib import Path

from zero_dce_keras.extras import require

HOST = "127.0.0.1"
SESSIONS = 4  # whose curves are kept, some 100 MB each
MAX_FILE_SIZE = "2gb"
# Gradio's frontend names fonts and scripts of other hosts: the browser loads none.
POLICY = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:"

log = logging.getLogger(__name__)


def serve_page(weights, port=None):
    """Serve the page on 127.0.0.1 until Ctrl-C.

    Args:
        weights: str, what to begin with: a preset or anything that `--weights` takes.
        port: int; by default the first that is free from 7860.

    Raises:
        ImportError: if Gradio is not installed.
        OSError: if the port is in use, or may not be used.
        ValueError: if the weights cannot be opened.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["no_proxy"] = "*"  # Gradio asks the page once whether it is there
    with tempfile.TemporaryDirectory(prefix="zero_dce_page_") as directory:
        os.environ["GRADIO_TEMP_DIR"] = directory
        gr = require("gradio")
        from starlette.middleware import Middleware
        from starlette.middleware.trustedhost import TrustedHostMiddleware

        from zero_dce_keras.page.layout import build_page

        page = build_page(weights, directory)
        middleware = [
            Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"]),
            Middleware(NothingFromElsewhere),
        ]
        try:
            _, url, _ = page.launch(
                server_name=HOST,
                server_port=port,
                share=False,
                quiet=True,
                prevent_thread_lock=True,
                ssr_mode=False,
                run_history=False,
                footer_links=[],
                theme=gr.themes.Default(font="system-ui", font_mono="monospace"),
                css_paths=Path(__file__).with_name("style.css"),
                max_file_size=MAX_FILE_SIZE,
                state_session_capacity=SESSIONS,
                app_kwargs={"middleware": middleware},
            )
        except OSError as error:
            which = f"port {port} is" if port else "the ports from 7860 are"
            raise OSError(f"{which} in use; --port takes another") from error
        print(url, flush=True)
        log.info("Ctrl-C ends it")
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            with contextlib.suppress(KeyboardInterrupt):
                threading.Event().wait()
        finally:
            page.close()


class NothingFromElsewhere:
    """Tells the browser, with each answer, to load nothing from other hosts."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        """Answer a request as the application does, with one more header."""

        async def send_with_policy(message):
            if message["type"] == "http.response.start":
                header = (b"content-security-policy", POLICY.encode())
                message["headers"] = [*message["headers"], header]
            await send(message)

        await self.app(scope, receive, send_with_policy)
