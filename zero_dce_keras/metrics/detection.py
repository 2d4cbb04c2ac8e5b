"""How well a detector finds boxes: matches, precision and recall, average precision."""

import numpy as np

IOU = 0.5


def match_boxes(found, faces, iou=IOU):
    """Say which of the boxes that a detector found are right.

    Args:
        found: float array `(boxes, 5)` of `x1 y1 x2 y2 confidence`.
        faces: float array `(faces, 4)` of `x1 y1 x2 y2`.
        iou: the least intersection over union in (0, 1].

    Returns:
        bool array `(boxes,)`. Each box belongs to the face with which it has most in
        common; of several for one face, only the surest is right.

    Example:
        >>> import numpy as np
        >>> found = np.array([[0, 0, 10, 10, 0.6], [0, 0, 10, 9, 0.9]])
        >>> match_boxes(found, np.array([[0, 0, 10, 10]])).tolist()
        [False, True]
    """
    right = np.zeros(len(found), bool)
    if len(faces) == 0:
        return right
    is_found = np.zeros(len(faces), bool)
    for number in np.argsort(-found[:, 4], kind="stable"):
        overlaps = _iou(found[number], faces)
        face = int(overlaps.argmax())
        if overlaps[face] >= iou and not is_found[face]:
            right[number] = is_found[face] = True
    return right


def _iou(box, faces):
    """Return the intersection over union of a box with each of some others."""
    sides = np.minimum(box[2:4], faces[:, 2:]) - np.maximum(box[:2], faces[:, :2])
    common = np.maximum(sides, 0).prod(-1)
    areas = (faces[:, 2:] - faces[:, :2]).prod(-1)
    return common / ((box[2:4] - box[:2]).prod() + areas - common)


def precision_recall(confidences, right, faces):
    """Return the precision and the recall of the surest boxes, by how many they are.

    Args:
        confidences: float array `(boxes,)`.
        right: bool array `(boxes,)`, as of `match_boxes`, of all photographs.
        faces: how many faces there are, positive.

    Returns:
        Two float arrays `(boxes,)`, by falling confidence.

    Example: a right box, then a wrong one, of one face.

    >>> [values.tolist() for values in precision_recall([0.9, 0.8], [True, False], 1)]
    [[1.0, 0.5], [1.0, 1.0]]
    """
    if faces < 1:
        raise ValueError(f"faces must be positive. Received: {faces}")
    order = np.argsort(-np.asarray(confidences, float), kind="stable")
    hits = np.cumsum(np.asarray(right, bool)[order])
    return hits / np.arange(1, len(hits) + 1), hits / faces


def average_precision(precision, recall):
    """Return the area under the precision–recall curve, by all points.

    `AP = Σ (r_i − r_(i−1)) · max_(j ≥ i) p_j`, with `r_0 = 0`.

    Args:
        precision, recall: as of `precision_recall`.

    Returns:
        float in [0, 1].

    Example: half of the faces are found, and every other box is wrong.

    >>> average_precision([0.0, 0.5], [0.0, 0.5])
    0.25
    """
    if len(precision) == 0:
        return 0.0
    best = np.maximum.accumulate(np.asarray(precision, float)[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * best))
