"""What Prometheus may read at `/metrics`."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter(
    "zero_dce_serve_requests",
    "Requests for a prediction, by how they ended.",
    ["api", "signature", "status"],
)
SECONDS = Histogram(
    "zero_dce_serve_request_seconds",
    "From a request's arrival to its answer, if there was one.",
    ["api", "signature"],
    buckets=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50),
)
BATCH_ITEMS = Histogram(
    "zero_dce_serve_batch_items",
    "Items that ran as one.",
    buckets=(1, 2, 4, 8, 16, 32, 64),
)
IN_WORK = Gauge("zero_dce_serve_requests_in_work", "Requests in work or waiting.")
VERSION = Gauge("zero_dce_serve_model_version", "Version that is served.")
