"""The page in the browser: photographs, videos, and sliders that answer at once."""
