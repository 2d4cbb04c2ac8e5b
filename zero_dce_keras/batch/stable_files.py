"""Folders that are watched: files that are still being written are left for later."""


class StableFiles:
    """Chooses, at each look, the jobs whose sources have stopped growing."""

    def __init__(self):
        self._seen, self._chosen = {}, {}  # {source: (size, time of its change)}

    def choose(self, jobs):
        """Return the jobs whose files are as at the last look, each once per change."""
        ready = []
        for job in jobs:
            try:
                stat = job.source.stat()
            except OSError:  # gone meanwhile
                continue
            state = stat.st_size, stat.st_mtime_ns
            is_still = stat.st_size > 0 and self._seen.get(job.source) == state
            if is_still and self._chosen.get(job.source) != state:
                self._chosen[job.source] = state
                ready.append(job)
            self._seen[job.source] = state
        return ready
