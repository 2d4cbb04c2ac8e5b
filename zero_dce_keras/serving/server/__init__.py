"""`zero-dce serve`: TensorFlow Serving's protocol, gRPC and REST, for one model."""
