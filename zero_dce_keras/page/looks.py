"""The looks to choose from: presets under names that say what they are for."""

import dataclasses

from zero_dce_keras.models.presets import DEFAULT_PRESET


@dataclasses.dataclass(frozen=True)
class Look:
    """A preset as the page offers it.

    Args:
        preset: str, its name.
        title: str.
        line: str, what it is for.
    """

    preset: str
    title: str
    line: str

    @property
    def label(self):
        """What stands beside its button."""
        return f"{self.title}: {self.line}"


LOOKS = (
    Look(DEFAULT_PRESET, "Natural", "any photograph or film, day or night"),
    Look(
        "zero_dce_lol_denoise",
        "Very dark and noisy",
        "one strong lift and a smooth picture, paler colours",
    ),
    Look(
        "mirnet_lol",
        "Learned from pairs",
        "the cleanest for dark rooms; slow, and without sliders",
    ),
)


def look_of(preset):
    """Return the preset's name if it is one of the looks, else `None`.

    Example:
        >>> look_of("mirnet_lol"), look_of("zero_dce_lol")
        ('mirnet_lol', None)
    """
    return preset if preset in {look.preset for look in LOOKS} else None
