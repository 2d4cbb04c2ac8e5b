"""Scores of enhanced photographs against their references, and the report of them."""

from zero_dce_keras.evaluation.classical import CLASSICAL
from zero_dce_keras.evaluation.comparison import compare
from zero_dce_keras.evaluation.cost import count_gflop
from zero_dce_keras.evaluation.methods import (
    Method,
    bare_methods,
    open_methods,
    parse_weights,
)
from zero_dce_keras.evaluation.report import (
    build_report,
    format_table,
    json_text,
    write_report,
)
from zero_dce_keras.evaluation.scores import evaluate_pairs, mean_scores, score_image
from zero_dce_keras.evaluation.sequences import score_sequences
from zero_dce_keras.evaluation.summary import format_summary, write_summary

__all__ = [
    "CLASSICAL",
    "Method",
    "bare_methods",
    "build_report",
    "compare",
    "count_gflop",
    "evaluate_pairs",
    "format_summary",
    "format_table",
    "json_text",
    "mean_scores",
    "open_methods",
    "parse_weights",
    "score_image",
    "score_sequences",
    "write_report",
    "write_summary",
]
