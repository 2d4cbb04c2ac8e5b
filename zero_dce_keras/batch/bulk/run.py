"""A bulk run: list, leave out what is done, stream the rest, keep the manifest."""

import dataclasses
import json
import logging
import pickle

from zero_dce_keras.batch.bulk import engine
from zero_dce_keras.batch.bulk.manifest import DONE, Manifest
from zero_dce_keras.batch.bulk.places import Place
from zero_dce_keras.batch.bulk.plan import make_plan
from zero_dce_keras.batch.bulk.worker import FULL, Task
from zero_dce_keras.batch.jobs import Job, LeftOut, NoPhotographsError
from zero_dce_keras.batch.photographs import Outcome
from zero_dce_keras.version import __version__

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class BulkOptions:
    """How to run.

    Args:
        preset: str, as rows name it: the preset's name and a digest of its weights.
        curves: `GridCurves` of the preset.
        options: `EnhanceOptions`.
        ending: str, of targets; see `make_plan`.
        quality: int, see `Photograph.write`.
        overwrite: bool, whether to do again what is done.
        max_pixels: int, larger photographs are refused.
        address, actors: see `engine.started`.
        batch_size: int, photographs that an actor is given at once.
        memory: int, the bytes that photographs may take in an actor.
    """

    preset: str
    curves: object
    options: object
    ending: str | None = None
    quality: int | None = None
    overwrite: bool = False
    max_pixels: int = 250_000_000
    address: str | None = None
    actors: int | None = None
    batch_size: int = 16
    memory: int = 2_000_000_000

    def common(self, source, target):
        """Return what is the same in all rows."""
        chosen = {
            name: value
            for name, value in vars(self.options).items()
            if name in ("iterations", "strength", "denoise")
        }
        return {
            "version": __version__,
            "preset": self.preset,
            "options": json.dumps(chosen | {"quality": self.quality}),
            "source_folder": source.shown,
            "target_folder": target.shown,
        }


def enhance_in_bulk(source, target, options, report):
    """Enhance all photographs of a place into another, those that are not done yet.

    Args:
        source, target: str, as of a `Place`.
        options: `BulkOptions`.
        report: `RunReport`, which gets the result of each.

    Raises:
        OSError, ValueError: a place cannot be read or written, Ray does not start, or
            the target is full.
    """
    run = _Run(source, target, options, report)
    jobs = run.find()
    if not jobs:
        return
    with engine.started(options.address, options.actors):
        try:
            run.work(jobs)
        finally:
            run.keep_rows()


class _Run:
    def __init__(self, source, target, options, report):
        self.options, self.report = options, report
        self.source, self.target = Place(source), Place(target)
        if self.target.contains(self.source):
            raise ValueError(
                f"{target}: the photographs lie there and would be overwritten; give "
                "another place"
            )
        common = options.common(self.source, self.target)
        self.common = common
        self.manifest = Manifest(self.target, common)
        self.most_memory = 0

    def find(self):
        """Return what is to do, a list of (source, target); tell of all else."""
        inside = ""
        if self.source.contains(self.target):
            inside = f"{self.target.root[len(self.source.root) + 1 :]}/"
        names = [name for name, _ in self.source.files()]
        if inside:
            names = [name for name in names if not name.startswith(inside)]
        plan = make_plan(names, self.options.ending)
        if not plan.targets:
            raise NoPhotographsError(f"{self.source.shown}: no photographs there")
        self.manifest.open()
        there = dict(self.target.files())
        newest, made_by = self.manifest.newest()
        self._tell_versions(made_by)
        self._tell_left_out(plan, newest)
        self.report.expect(len(plan.targets))
        jobs = []
        for source, target in plan.targets.items():
            status, size = newest.get(target, (None, None))
            is_there = target in there and size in (None, there[target])
            if self.options.overwrite or not is_there:
                jobs.append((source, target))
                continue
            if (
                status not in DONE
            ):  # a run that was killed, or `enhance`, has written it
                self._add({"source": source, "target": target, "status": "skipped"})
            else:
                self._report(source, target, "skipped")
        self.keep_rows()
        return jobs

    def work(self, jobs):
        """Enhance; a target that is full ends it."""
        options = self.options
        actors = engine.count_actors(options.memory, options.actors)
        gigabytes = options.memory / 1e9
        log.info(
            "%d photographs to enhance; %d actors, %.1f GB at most for those in each",
            *(len(jobs), actors, gigabytes),
        )
        task = Task(
            self.source.absolute,
            self.target.absolute,
            options.preset,
            pickle.dumps((options.curves, options.options)),
            options.quality,
            options.max_pixels,
            options.memory,
        )
        for row in engine.stream(jobs, task, options.actors, options.batch_size):
            number = row.pop("errno", None)
            self.most_memory = max(self.most_memory, row.get("actor_bytes") or 0)
            self._add(row)
            if number in FULL:
                raise OSError(
                    f"{self.target.shown}: {row['error']} The run ends here; the same "
                    "command goes on when there is room"
                )
        log.info("an actor took %.2f GB at most", self.most_memory / 1e9)

    def keep_rows(self):
        """Write the rows that wait."""
        self.manifest.write()

    def _add(self, row):
        error = row.get("error")
        if error is not None and row["source"] not in error:
            row["error"] = error = f"{self.source.show(row['source'])}: {error}"
        self.manifest.add(row)
        self._report(
            row["source"],
            row["target"],
            row["status"],
            None if error is None else ValueError(error),
            tuple(row.get("notes") or ()),
            (row["width"], row["height"]) if row.get("width") else None,
        )

    def _report(self, source, target, *rest):
        job = Job(self.source.show(source), self.target.show(target))
        self.report.add(Outcome(job, *rest))

    def _tell_versions(self, made_by):
        mine = tuple(self.common[name] for name in ("version", "preset", "options"))
        for made, count in sorted(made_by.items(), key=str):
            if made != mine:
                version, preset, options = made
                log.info(
                    "note: %s: %d photographs there were enhanced by zero_dce_keras %s, "
                    "%s, %s; they stay as they are, --overwrite enhances them again",
                    *(self.target.shown, count, version, preset, options),
                )

    def _tell_left_out(self, plan, newest):
        for name, reason in plan.left_out.items():
            self.report.fail(LeftOut(self.source.show(name), reason))
            if newest.get(name, (None,))[0] != "left out":
                row = {"source": name, "target": name, "status": "left out"}
                self.manifest.add(row | {"error": reason})
        for name, reason in plan.conflicts.items():
            self.report.fail(ValueError(f"{self.source.show(name)}: {reason}"))
