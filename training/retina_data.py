"""IDRiD's folder layout and the lesion boxes, as arrays that `retina_dr.py` trains on.

The steps from photograph to model input are those of `models/retina-dr/model.toml`; `fovea` does the same in Rust
(`src/input`), and `training/check_import.py` compares the two.
"""
import csv
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

SIDE_PX = 512
CELL_PX = 8  # one cell of the lesion masks, in model pixels
LESIONS = ("hard_exudates", "haemorrhage", "optic_disc")


def retina_square(picture):
    """Left, top and side of the square around the lit retina, in source pixels; it may reach beyond the picture."""
    lit = np.asarray(picture).max(2) > 25
    rows, columns = np.where(lit.mean(1) > 0.05)[0], np.where(lit.mean(0) > 0.05)[0]
    x0, x1, y0, y1 = columns[0], columns[-1] + 1, rows[0], rows[-1] + 1
    side = max(x1 - x0, y1 - y0)
    return (x0 + x1 - side) // 2, (y0 + y1 - side) // 2, side


def local_contrast(x):
    """Picture minus its own local mean inside the retinal disc, times four; 0 outside. x: N×3×S×S in 0..1."""
    disc = -F.max_pool2d(-(x.amax(1, keepdim=True) > 0.08).float(), 15, 1, 7)
    total, weight = F.avg_pool2d(x * disc, 8), F.avg_pool2d(disc, 8)
    for _ in range(2):
        total, weight = F.avg_pool2d(total, 5, 1, 2), F.avg_pool2d(weight, 5, 1, 2)
    mean = F.interpolate(total / weight.clamp(min=1e-6), size=x.shape[-2:], mode="bilinear")
    return ((x - mean) * 4).clamp(-2, 2) * disc


def load(data):
    """Inputs (N×3×512×512 f16), grades (N), lesion masks (N×3×64×64 u8), lesion boxes at model size, names."""
    data = Path(data)
    with open(data / "2. Groundtruths" / "a. IDRiD_Disease Grading_Training Labels.csv") as f:
        grade = {r[0]: int(r[1]) for r in list(csv.reader(f))[1:] if r and r[0]}
    boxes = {}
    with open(data / "lesions.csv") as f:
        for r in list(csv.reader(f))[1:]:
            boxes.setdefault(Path(r[0]).stem, []).append((r[1], *map(float, r[2:])))
    inputs, grades, masks, exact, retinas, names = [], [], [], [], [], sorted(grade)
    for name in names:
        picture = Image.open(data / "1. Original Images" / "a. Training Set" / f"{name}.jpg").convert("RGB")
        width, height = picture.size
        left, top, side = retina_square(picture)
        square = picture.crop((left, top, left + side, top + side)).resize((SIDE_PX, SIDE_PX), Image.BILINEAR)
        pixels = torch.from_numpy(np.asarray(square).copy()).permute(2, 0, 1)[None].float() / 255
        inputs.append(local_contrast(pixels)[0].half())
        retinas.append((pixels[0].amax(0) > 0.08).numpy())
        cells = np.zeros((3, SIDE_PX // CELL_PX, SIDE_PX // CELL_PX), np.uint8)
        inside = np.zeros((SIDE_PX, SIDE_PX), bool)
        for kind, x0, y0, x1, y1 in boxes.get(name, []):
            scale = SIDE_PX / side
            l, r = (x0 * width - left) * scale, (x1 * width - left) * scale
            t, b = (y0 * height - top) * scale, (y1 * height - top) * scale
            cell = lambda v: int(np.clip(v / CELL_PX, 0, SIDE_PX // CELL_PX))
            cells[LESIONS.index(kind), cell(t) : cell(b) + 1, cell(l) : cell(r) + 1] = 1
            if kind != "optic_disc":
                px = lambda v: int(np.clip(round(v), 0, SIDE_PX))
                inside[px(t) : px(b), px(l) : px(r)] = True
        masks.append(cells), exact.append(inside), grades.append(grade[name])
    return torch.stack(inputs), torch.tensor(grades), torch.from_numpy(np.stack(masks)), np.stack(exact), np.stack(retinas), names


def cached(data, cache):
    """`load`, kept in one file: reading the pictures takes half a minute."""
    cache = Path(cache)
    if not cache.exists():
        cache.parent.mkdir(parents=True, exist_ok=True)
        torch.save(load(data), cache)
    return torch.load(cache, weights_only=False)
