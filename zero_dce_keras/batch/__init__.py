"""Many files in, many files out: what to enhance, the loop over it, the report."""

from zero_dce_keras.batch.jobs import (
    SUFFIX,
    VIDEO_SUFFIXES,
    Job,
    LeftOut,
    NoPhotographsError,
    OtherFiles,
    find_jobs,
)
from zero_dce_keras.batch.photographs import Outcome, enhance_photographs
from zero_dce_keras.batch.run_report import RunReport
from zero_dce_keras.batch.stable_files import StableFiles

__all__ = [
    "SUFFIX",
    "VIDEO_SUFFIXES",
    "Job",
    "LeftOut",
    "NoPhotographsError",
    "OtherFiles",
    "Outcome",
    "RunReport",
    "StableFiles",
    "enhance_photographs",
    "find_jobs",
]
