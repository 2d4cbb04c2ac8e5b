"""How bright red, green and blue appear."""

LUMA = (0.299, 0.587, 0.114)  # Rec. 601
