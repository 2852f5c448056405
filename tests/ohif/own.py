"""Fovea's own maps under the pixels of the picture, worked out anew from what `fovea explain` wrote beside its DICOM objects: the
raw maps (.npz) and the record (.json). Nothing here reads a DICOM object of Fovea's."""

import json

import numpy as np

# Of the strongest response of all classes: from here on a pixel belongs to a segment (docs/dicom-objects.md).
SEGMENT_FROM = 0.25


def blurred(maps: np.ndarray, sigma_px: float) -> np.ndarray:
    """A Gaussian over [class, y, x], cut at two sigma as Fovea cuts it, the edge's value held beyond the edge."""
    reach = int(np.ceil(2 * sigma_px))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma_px) ** 2)
    weights /= weights.sum()
    for axis in (1, 2):
        wide = np.pad(maps, [(reach, reach) if a == axis else (0, 0) for a in range(3)], mode="edge")
        length = maps.shape[axis]
        maps = sum(w * np.take(wide, range(i, i + length), axis=axis) for i, w in enumerate(weights))
    return maps


def under_picture(maps: np.ndarray, source_from_map: np.ndarray, height: int, width: int) -> np.ndarray:
    """[class, y, x] at the centres of the picture's pixels, bilinear; 0 outside of the map's field."""
    map_from_source = np.linalg.inv(source_from_map)
    x = map_from_source[0, 0] * (np.arange(width) + 0.5) + map_from_source[0, 2]
    y = map_from_source[1, 1] * (np.arange(height) + 0.5) + map_from_source[1, 2]

    def along(position: np.ndarray, cells: int):
        inside = (position >= 0) & (position <= cells)
        p = np.clip(position - 0.5, 0, cells - 1)
        first = np.minimum(p.astype(int), max(cells - 2, 0))
        return inside, first, np.minimum(first + 1, cells - 1), p - first

    in_x, left, right, tx = along(x, maps.shape[2])
    in_y, top, bottom, ty = along(y, maps.shape[1])
    lines = maps[:, :, left] * (1 - tx) + maps[:, :, right] * tx
    values = lines[:, top] * (1 - ty[:, None]) + lines[:, bottom] * ty[:, None]
    return values * (in_y[:, None] & in_x)


class Own:
    """What Fovea says of one picture of `height` × `width` pixels."""

    def __init__(self, stem: str, height: int, width: int):
        with open(f"{stem}.json") as file:
            self.record = json.load(file)
        kept = np.load(f"{stem}.npz")
        self.size = height, width
        self.matrix = kept["source_from_model"]
        self.classes = [int(c) for c in kept["response_classes"]]
        self.raw = kept["response"].astype(np.float64)

    @staticmethod
    def full_name(entry: dict) -> str:
        """As Fovea names a class: a grade's number goes first."""
        return f"{entry['name']} {entry['label']}" if entry["name"].isdigit() else entry["label"]

    def response(self, class_name: str) -> np.ndarray:
        """The response of one class, [y, x]."""
        names = [c["name"] for c in self.record["classes"]]
        at = self.classes.index(names.index(class_name))
        return under_picture(self.raw[at : at + 1], self.matrix, *self.size)[0]

    def regions(self, slack: float) -> dict[str, np.ndarray]:
        """Label → where its class dominates, [y, x]; with a positive `slack` (a fraction) also where it nearly does, with a
        negative one only where it does by so much."""
        smooth = blurred(self.raw, self.record["settings"]["smoothing_px"])
        smooth_here = under_picture(smooth, self.matrix, *self.size)
        limit = SEGMENT_FROM * smooth.max() * (1 - slack)
        found = {}
        for at, index in enumerate(self.classes):
            others = np.delete(smooth_here, at, axis=0).max(axis=0, initial=0)
            region = (smooth_here[at] >= limit) & (smooth_here[at] > others * (1 - slack))
            found[self.full_name(self.record["classes"][index])] = region
        return found
