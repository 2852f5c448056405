"""Compares what OHIF drew with what Fovea says, pixel by pixel of the picture.

    compare.py (seg|pm) PICTURE.dcm STEM LOOK DERIVED.dcm [CLASS]

STEM is Fovea's files without their endings, LOOK those of look.js, DERIVED the object that was shown, CLASS the class of the
parametric map. Prints one line; ends
with status 1 where the two differ by more than one pixel, or where a shift of two would not have been noticed.
"""

import json
import sys

import numpy as np
import pydicom
from PIL import Image

from own import Own

# What Fovea's own arithmetic and mine may differ by: a fraction of a value.
SLACK = 0.005
# Levels of 255 by which rounding may move a colour.
LEVELS = 4
SHIFTS = [(2, 0), (-2, 0), (0, 2), (0, -2)]


def on_source(look: str, name: str, placed: dict) -> tuple[np.ndarray, np.ndarray]:
    """The canvas at the centres of the picture's pixels, [y, x, 3], and which of these lie on it."""
    with Image.open(f"{look}.{name}.png") as image:
        canvas = np.asarray(image.convert("RGB")).astype(np.float64)
    origin, right, down = (np.array(placed[k]) for k in ("origin", "right", "down"))
    i, j = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    x = origin[0] + i * (right - origin)[0] + j * (down - origin)[0]
    y = origin[1] + i * (right - origin)[1] + j * (down - origin)[1]
    column, line = np.floor(x).astype(int), np.floor(y).astype(int)
    is_there = (column >= 0) & (line >= 0) & (column < canvas.shape[1]) & (line < canvas.shape[0])
    return canvas[np.clip(line, 0, canvas.shape[0] - 1), np.clip(column, 0, canvas.shape[1] - 1)], is_there


def moved(values: np.ndarray, dx: int, dy: int) -> np.ndarray:
    """`values` [y, x] moved to the right and down, the edge's value held."""
    y = np.clip(np.arange(values.shape[0]) - dy, 0, values.shape[0] - 1)
    x = np.clip(np.arange(values.shape[1]) - dx, 0, values.shape[1] - 1)
    return values[np.ix_(y, x)]


def around(values: np.ndarray, take) -> np.ndarray:
    """The largest or least value within one pixel."""
    return take.reduce([moved(values, dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)])


def registered(seen: np.ndarray, meant: np.ndarray, where: np.ndarray) -> tuple[float, float]:
    """How far `seen` lies to the right of and below `meant`, in pixels, to a fraction: where they correlate best."""
    reach = range(-4, 5)
    inner = where.copy()
    inner[:4], inner[-4:], inner[:, :4], inner[:, -4:] = False, False, False, False

    def likeness(dx, dy):
        return np.corrcoef(seen[inner], moved(meant, dx, dy)[inner])[0, 1]

    table = np.array([[likeness(dx, dy) for dx in reach] for dy in reach])
    dy, dx = np.unravel_index(np.argmax(table), table.shape)
    assert 0 < dx < 8 and 0 < dy < 8, "the picture is not where OHIF says that it is"

    def peak(before, at, after):
        return 0.5 * (before - after) / (before - 2 * at + after)

    fine_x = peak(table[dy, dx - 1], table[dy, dx], table[dy, dx + 1])
    fine_y = peak(table[dy - 1, dx], table[dy, dx], table[dy + 1, dx])
    return reach[dx] + fine_x, reach[dy] + fine_y


def segmentation(found: dict, own: Own) -> tuple[str, np.ndarray]:
    """Pixels that lie more than one from where they should."""
    seen, is_there = on_source(LOOK, "overlay", found["placed"])
    labels = [segment["label"] for segment in found["segments"]]
    colours = np.array([segment["colour"][:3] for segment in found["segments"]], float)
    unit = colours / np.linalg.norm(colours, axis=1, keepdims=True)
    shown = seen.max(axis=2) > 32
    chosen = np.argmax(seen @ unit.T, axis=2)
    # Filled by half, or the rim, or a mixture of the two: but always the segment's own hue.
    off_hue = np.linalg.norm(seen - (seen @ unit.T).max(axis=2)[..., None] * unit[chosen], axis=2)
    assert off_hue[shown].max(initial=0) < 3 * LEVELS, f"a colour that is no segment's: {off_hue[shown].max()}"
    nearly, surely, exactly = own.regions(SLACK), own.regions(-SLACK), own.regions(0)
    missing = [label for label, region in surely.items() if region.any() and label not in labels]
    assert not missing, f"OHIF lists no segment {missing}"

    def wrong(dx: int, dy: int) -> int:
        count = 0
        for at, label in enumerate(labels):
            drawn = shown & (chosen == at) & is_there
            allowed = around(moved(nearly[label], dx, dy), np.maximum)
            needed = moved(surely[label], dx, dy) & is_there
            count += (drawn & ~allowed).sum() + (needed & ~around(drawn, np.maximum)).sum()
        return int(count)

    meant = np.any(list(exactly.values()), axis=0)
    differ = sum(((shown & (chosen == at)) != exactly[label])[is_there].sum() for at, label in enumerate(labels))
    said = f"{len(labels)} segments, {int(meant.sum())} pixels, {int(differ)} of them another at all"
    return said, wrong, ~around(shown, np.maximum) & is_there


def parametric_map(found: dict, own: Own, name: str):
    seen, is_there = on_source(LOOK, "overlay", found["placed"])
    low, high = found["range"]["lower"], found["range"]["upper"]
    # What is stored stands for what the real world value mapping says of it; OHIF shows 100 times of what is stored.
    shared = pydicom.dcmread(DERIVED, stop_before_pixels=True).SharedFunctionalGroupsSequence[0]
    mapping = shared.RealWorldValueMappingSequence[0]
    stored = (own.response(name) - mapping.RealWorldValueIntercept) / mapping.RealWorldValueSlope
    meant = 255 * np.clip((stored * 100 - low) / (high - low), 0, 1)
    level = seen.mean(axis=2)

    def wrong(dx: int, dy: int) -> int:
        expected = moved(meant, dx, dy)
        outside = (level > around(expected, np.maximum) + LEVELS) | (level < around(expected, np.minimum) - LEVELS)
        return int((outside & is_there).sum())

    dx, dy = registered(level, meant, is_there)
    assert max(abs(dx), abs(dy)) <= 1, f"the map lies {dx:.2f}, {dy:.2f} pixels away"
    return f"map moved by {dx:.2f}, {dy:.2f} pixels", wrong, is_there


KIND, PICTURE, STEM, LOOK, DERIVED, CLASS = sys.argv[1:7]
picture = pydicom.dcmread(PICTURE)
HEIGHT, WIDTH = picture.Rows, picture.Columns
with open(f"{LOOK}.json") as file:
    FOUND = json.load(file)
OWN = Own(STEM, HEIGHT, WIDTH)
said, wrong, bare = segmentation(FOUND, OWN) if KIND == "seg" else parametric_map(FOUND, OWN, CLASS)

# Where the picture itself lies, by its own pixels: OHIF's word for it is not enough.
drawn, is_there = on_source(LOOK, "picture", FOUND["placed"])
pixels = picture.pixel_array.astype(float)
grey = pixels.mean(axis=2) if pixels.ndim == 3 else pixels
dx, dy = registered(drawn.mean(axis=2), grey, bare & is_there)
off = wrong(0, 0)
if_moved = [wrong(*shift) for shift in SHIFTS]
print(f"{KIND}: {off} pixels differ by more than one; if moved by two: {', '.join(map(str, if_moved))}; {said}; "
      f"picture where it should be to {dx:.2f}, {dy:.2f}")
assert max(abs(dx), abs(dy)) <= 0.75, "the picture is not where OHIF says that it is"
assert off == 0, "the overlay differs by more than one pixel"
assert min(if_moved) > 0, "a shift by two pixels would not be noticed"
