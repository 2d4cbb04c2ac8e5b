"""The three published forms of the zero-reference losses.

The paper, its official code and the Keras notebook that many people start from
write the same four losses differently. The official code made the published images,
so it is the default everywhere.
"""

LOSS_FORMS = ("official", "paper", "notebook")


def check_form(form):
    """Raise a `ValueError` unless `form` is one of `LOSS_FORMS`."""
    if form not in LOSS_FORMS:
        raise ValueError(f"form must be one of {LOSS_FORMS}. Received: {form!r}")
