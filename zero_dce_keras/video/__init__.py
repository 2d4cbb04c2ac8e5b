"""Films: reading and writing, YUV, smoothing over time, the pipeline.

The extra `video` brings what this needs; names load on first use.
"""

from zero_dce_keras.lazy import lazy_names

__all__ = [
    "EnhancedVideo",
    "FrameProgress",
    "VideoReader",
    "VideoWriter",
    "enhance_video",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "EnhancedVideo": "zero_dce_keras.video.pipeline",
        "FrameProgress": "zero_dce_keras.video.pipeline",
        "VideoReader": "zero_dce_keras.video.reader",
        "VideoWriter": "zero_dce_keras.video.writer",
        "enhance_video": "zero_dce_keras.video.pipeline",
    },
)
