"""Contact sheets of a comparison: input, each method, reference, a photograph a row."""

from PIL import Image

from zero_dce_keras.evaluation.summary import BETTER
from zero_dce_keras.images import contact_sheet, write_image

FIRST = 15  # LOL's whole eval15
EXTREMES = 5
CELL = (400, 400)  # pixels at most, the aspect ratio is kept
RANKED_BY = ("psnr", "niqe")  # the first that the photographs have


class FirstPairs:
    """Sheet of the first pairs for which every method gave a picture.

    Args:
        count: how many pairs at most. Default: 15.
    """

    file_name = "before_after.png"

    def __init__(self, count=FIRST):
        self.count = count
        self.rows = []  # one {title: small image} a pair
        self.left = count

    def add(self, results):
        """Take note of a pair: dict, method → `PairResult`."""
        if self.left > 0:
            self.left -= 1
            if cells := cells_of(results):
                self.rows.append(cells)

    def write(self, output):
        """Write the sheet into a directory, if there is a row for it."""
        if self.rows:
            titles = list(self.rows[0])
            rows = [[cells[title] for title in titles] for cells in self.rows]
            width = max(1200, 180 * len(titles))
            sheet = contact_sheet(rows, titles, width)
            write_image(output / self.file_name, sheet)


class WorstAndBest(FirstPairs):
    """Sheet of the photographs that the methods, on average, do worst and best on.

    By PSNR, or by NIQE where there are no references; the untouched input has no say.
    The worst comes first, the best last.

    Args:
        count: how many of each. Default: 5.
    """

    file_name = "worst_best.png"

    def __init__(self, count=EXTREMES):
        super().__init__(count)
        self.names = []  # of the rows' photographs
        self._ranked = []  # (goodness, number, name, cells), ascending
        self._seen = 0

    def add(self, results):
        """Take note of a pair, if it is among the worst or the best so far."""
        judged = [name for name in results if name != "input"] or list(results)
        scores = [results[name].scores or {} for name in judged]
        common = [name for name in RANKED_BY if all(name in s for s in scores)]
        cells = cells_of(results)
        if not common or cells is None:
            return
        by = common[0]
        goodness = sum(s[by] for s in scores) / len(scores)
        goodness = goodness if BETTER[by] else -goodness
        self._seen += 1
        name = next(iter(results.values())).pair.name
        self._ranked.append((goodness, self._seen, name, cells))
        self._ranked.sort(key=lambda row: row[:2])
        if len(self._ranked) > 2 * self.count:
            del self._ranked[self.count]  # neither among the worst nor the best
        self.rows = [row[-1] for row in self._ranked]
        self.names = [row[-2] for row in self._ranked]


def cells_of(results):
    """Return `{title: small image}` of a pair; `None` where a method failed."""
    if any(result.error for result in results.values()):
        return None
    first = next(iter(results.values()))
    cells = {"input": first.low_light}
    cells |= {method: result.enhanced for method, result in results.items()}
    if first.reference is not None:
        cells["reference"] = first.reference
    return {title: _shrink(cell) for title, cell in cells.items()}


def _shrink(image):
    small = Image.fromarray(image)
    small.thumbnail(CELL)
    return small
