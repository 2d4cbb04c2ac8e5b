"""Scores of enhanced photographs against their references, and the report of them."""

from zero_dce_keras.evaluation.comparison import compare
from zero_dce_keras.evaluation.report import (
    build_report,
    format_table,
    json_text,
    write_report,
)
from zero_dce_keras.evaluation.scores import evaluate_pairs, mean_scores, score_image
from zero_dce_keras.evaluation.sequences import score_sequences

__all__ = [
    "build_report",
    "compare",
    "evaluate_pairs",
    "format_table",
    "json_text",
    "mean_scores",
    "score_image",
    "score_sequences",
    "write_report",
]
