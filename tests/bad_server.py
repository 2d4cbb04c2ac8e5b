"""A real HTTP server on the loopback that serves one file, badly where it is told to.

    server = BadServer(content, ["cut", "busy"])

treats its first requests as the script says, all others as a good server would.
"""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np


class BadServer:
    """Serves `content` at `url`; a context manager.

    Args:
        content: bytes of the file.
        script: how to treat each request, by the names of `Handler`'s methods
            `answer_…`.
        seed: seed of the random bytes at which answers are cut.
    """

    def __init__(self, content, script=(), seed=0):
        self.content = content
        self.etag = '"one"'
        self.script = list(script)
        self.rng = np.random.default_rng(seed)
        self.ranges = []  # of each request: the first byte asked for
        self.release = threading.Event()  # ends what stalls
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.owner = self

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}/lol_dataset.zip"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.01,)).start()
        return self

    def __exit__(self, *_):
        self.release.set()
        self._server.shutdown()
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    def do_GET(self):
        owner = self.server.owner
        self.content, self.rng = owner.content, owner.rng
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        self.first = int(match[1]) if match else 0
        owner.ranges.append(self.first)
        name = owner.script.pop(0) if owner.script else "well"
        try:
            getattr(self, f"answer_{name}")()
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client went away
        self.close_connection = True

    def log_message(self, *_):
        pass

    def head(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def send(self, content, length=None, first=None, etag=None):
        """A part of a file, or the whole, with any length claimed for it."""
        first = self.first if first is None else first
        headers = {"ETag": etag or self.server.owner.etag}
        body = content[first:]
        headers["Content_Length"] = len(body) if length is None else length
        if first:
            last = len(content) - 1
            headers["Content_Range"] = f"bytes {first}-{last}/{len(content)}"
        self.head(206 if first else 200, **headers)
        return body

    def answer_well(self):
        if self.first >= len(self.content):
            self.head(416, Content_Range=f"bytes */{len(self.content)}")
        else:
            self.wfile.write(self.send(self.content))

    def answer_cut(self):
        body = self.send(self.content)
        self.wfile.write(body[: self.rng.integers(len(body))])

    def answer_stall(self):
        body = self.send(self.content)
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        self.server.owner.release.wait(20)

    def answer_silence(self):
        self.server.owner.release.wait(20)

    def answer_no_range(self):
        self.first = 0
        self.answer_well()

    def answer_no_range_cut(self):
        self.first = 0
        self.answer_cut()

    def answer_no_length(self):
        self.head(200)
        self.wfile.write(self.content)

    def answer_no_length_cut(self):
        self.head(200)
        self.wfile.write(self.content[: len(self.content) // 2])

    def answer_too_short(self):
        """Claims fewer bytes than there are."""
        self.wfile.write(self.send(self.content, length=len(self.content) // 3))

    def answer_too_long(self):
        """Claims more bytes than there are."""
        body = self.send(self.content, length=len(self.content) - self.first + 999)
        self.wfile.write(body)

    def answer_immense(self):
        self.wfile.write(self.send(self.content, length=10**15))

    def answer_garbage(self):
        page = b"<html>Please log in to this hotel's network.</html>"
        self.head(200, Content_Length=len(page), Content_Type="text/html")
        self.wfile.write(page)

    def answer_damaged(self):
        """One bit is wrong; length and ETag are right."""
        content = bytearray(self.content)
        content[len(content) // 2] ^= 1
        self.wfile.write(self.send(bytes(content)))

    def answer_other_cut(self):
        """Half of another file of the same length."""
        other = self.content[::-1]
        body = self.send(other, etag='"other"')
        self.wfile.write(body[: len(body) // 2])

    def answer_wrong_part(self):
        """Another part than the one asked for."""
        first = self.first + 7
        self.wfile.write(self.send(self.content, first=first))

    def answer_unnamed_part(self):
        self.head(206, Content_Length=3)
        self.wfile.write(b"abc")

    def answer_redirect(self):
        self.head(302, Location="/elsewhere/lol_dataset.zip", Content_Length=0)

    def answer_redirect_to_file(self):
        self.head(302, Location="file:///etc/hostname", Content_Length=0)

    def answer_busy(self):
        self.head(503, Content_Length=0)

    def answer_missing(self):
        self.head(404, Content_Length=0)

    def answer_hang_up(self):
        pass
