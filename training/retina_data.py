"""Photographs of three clinics as one cache of equal squares, which `retina_dr.py` trains on.

    python3 training/retina_data.py DATA CACHE     # DATA holds idrid/, aptos/ and eyepacs/

A square holds the retina before local contrast, 512×512, so that exposure and colour can still be varied. The steps from
photograph to model input are those of `models/retina-dr/model.toml`; `fovea` does the same in Rust (`src/input`), and
`training/check_import.py` compares the two.
"""
import csv, sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

SIDE_PX = 512
CELLS = 128  # lesion masks have a quarter of the model's resolution
KINDS = ("microaneurysm", "haemorrhage", "hard_exudates", "soft_exudates", "optic_disc")
CLINICS = ("idrid", "aptos", "eyepacs")


def lit_threshold(brightest):
    """A fifth of the picture's bright level (its 95th percentile), between 8 and 25: a fixed 25 lost dark pictures."""
    return min(25.0, max(8.0, 0.2 * float(np.percentile(brightest, 95, method="lower"))))


def retina_box(picture):
    """Left, top, right, bottom of the lit field: rows and columns of which more than 5 % are lit."""
    brightest = np.asarray(picture).max(2)
    lit = brightest > lit_threshold(brightest)
    rows, columns = np.where(lit.mean(1) > 0.05)[0], np.where(lit.mean(0) > 0.05)[0]
    if not len(rows) or not len(columns):
        return 0, 0, picture.width, picture.height
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


def retina_square(picture):
    """Left, top and side of the square around the lit field, in source pixels; it may reach beyond the picture."""
    x0, y0, x1, y1 = map(int, retina_box(picture))
    side = max(x1 - x0, y1 - y0)
    return (x0 + x1 - side) // 2, (y0 + y1 - side) // 2, side


def square(picture, side_px=SIDE_PX):
    left, top, side = retina_square(picture)
    return picture.crop((left, top, left + side, top + side)).resize((side_px, side_px), Image.BILINEAR)


def grown(dark):
    """Every pixel within 7 rows and columns of a dark one: a 15×15 maximum by shifts, many times faster than pooling."""
    v = F.pad(dark.to(torch.uint8), (7, 7, 7, 7))
    for dim in (2, 3):
        for step in (1, 3, 3):
            o, n = v.clone(), v.shape[dim] - step
            o.narrow(dim, step, n).bitwise_or_(v.narrow(dim, 0, n))
            o.narrow(dim, 0, n).bitwise_or_(v.narrow(dim, step, n))
            v = o
    return v[:, :, 7:-7, 7:-7]


def local_contrast(x):
    """Picture minus its own local mean inside the retinal disc, times four; 0 outside. x: N×3×S×S in 0..1."""
    disc = (1 - grown(x.amax(1, keepdim=True) <= 0.08)).float()
    x = x.contiguous(memory_format=torch.channels_last)
    total, weight = F.avg_pool2d(x * disc, 8), F.avg_pool2d(disc, 8)
    for _ in range(2):
        total, weight = F.avg_pool2d(total, 5, 1, 2), F.avg_pool2d(weight, 5, 1, 2)
    mean = (total / weight.clamp(min=1e-6)).contiguous(memory_format=torch.channels_last)
    return (x - F.interpolate(mean, size=x.shape[-2:], mode="bilinear")).mul_(4).clamp_(-2, 2).mul_(disc)


def unsqueezed(picture):
    """A picture squeezed to a square, widened again until the rim of its lit field is a circle.

    The rim is fitted by an upright ellipse: field edges that the picture's own border cuts off do not count, so a field
    without its top and bottom is not taken for a flat one.
    """
    brightest = np.asarray(picture).max(2)
    lit, (h, w) = brightest > lit_threshold(brightest), brightest.shape
    points = []
    for along, (m, long, short) in enumerate(((lit, h, w), (lit.T, w, h))):
        for i in range(0, long, 2):
            at = np.where(m[i])[0]
            if len(at) > 0.2 * short:
                points += [(e, i)[:: 1 - 2 * along] for e in (at[0], at[-1]) if 2 <= e < short - 2]
    ratio = 1.0
    if len(points) >= 40:
        p = np.array(points, float) / max(h, w) - 0.5
        for _ in range(4):
            a = np.column_stack([p**2, p])
            k = np.linalg.lstsq(a, np.ones(len(p)), rcond=None)[0]
            off = np.abs(a @ k - 1)
            p = p[off <= max(np.quantile(off, 0.9), 1e-3)]
        if k[0] > 0 and k[1] > 0:
            ratio = float(np.sqrt(k[1] / k[0]))  # horizontal over vertical radius
    ratio = float(np.clip(ratio, 0.6, 1.05))
    return picture.resize((round(picture.width / ratio), picture.height), Image.BILINEAR), ratio


def rows(path):
    with open(path) as f:
        return [r for r in list(csv.reader(f))[1:] if r and r[0]]


def listed(data):
    """Every picture as (clinic, name, file, grade or -1, EyeQ quality or -1, lesion boxes, mask file or None)."""
    idrid = data / "idrid"
    boxes, twin = {}, {}
    for r in rows(idrid / "lesions.csv"):
        boxes.setdefault(Path(r[0]).stem, []).append((r[1], *map(float, r[2:])))
    for mask, same in rows(idrid / "masks" / "twins.csv"):
        twin[Path(same).stem if same else mask] = idrid / "masks" / f"{mask}.png"
    out = []
    for r in rows(idrid / "2. Groundtruths" / "a. IDRiD_Disease Grading_Training Labels.csv"):
        file = idrid / "1. Original Images" / "a. Training Set" / f"{r[0]}.jpg"
        out.append(("idrid", r[0], file, int(r[1]), -1, boxes.get(r[0]), twin.pop(r[0], None)))
    for name, mask in twin.items():  # not in the grading set: no grade, but they teach lesions
        out.append(("idrid", name, idrid / "masks" / "images" / f"{name}.jpg", -1, -1, None, mask))
    out += [("aptos", Path(r[0]).stem, data / "aptos" / "images" / r[0], int(r[1]), -1, None, None) for r in rows(data / "aptos" / "labels.csv")]
    out += [("eyepacs", Path(r[0]).stem, data / "eyepacs" / "images" / r[0], int(r[1]), int(r[2]) if r[2] else -1, None, None) for r in rows(data / "eyepacs" / "labels.csv")]
    return out


def lesions(size, crop, boxes, mask):
    """Masks (5×128×128) and which kinds are known. Boxes teach three kinds, pixel masks all five."""
    (width, height), (left, top, side) = size, crop
    m, known = np.zeros((len(KINDS), CELLS, CELLS), np.uint8), np.zeros(len(KINDS), bool)
    if mask is not None:
        bits = np.asarray(Image.open(mask))
        for k in range(len(KINDS)):
            # Shrunk by the largest value, so that a microaneurysm of a few pixels is not lost.
            y, x = np.where(bits & (1 << k))
            cx, cy = ((x + 0.5 - left) * CELLS / side).astype(int), ((y + 0.5 - top) * CELLS / side).astype(int)
            ok = (cx >= 0) & (cx < CELLS) & (cy >= 0) & (cy < CELLS)
            m[k, cy[ok], cx[ok]] = 1
        known[:] = True
    elif boxes is not None:
        known[[KINDS.index(k) for k in ("haemorrhage", "hard_exudates", "optic_disc")]] = True
        cell = lambda v, origin: int(np.clip((v - origin) * CELLS / side, 0, CELLS - 1))
        for kind, x0, y0, x1, y1 in boxes:
            m[KINDS.index(kind), cell(y0 * height, top) : cell(y1 * height, top) + 1, cell(x0 * width, left) : cell(x1 * width, left) + 1] = 1
    return m, known


def look_alike_groups(thumbs, clinic, names):
    """Patients, as far as names and looks tell: EyePACS by its number, the others by a perceptual hash.

    In IDRiD neighbours in number agree no more than strangers do (both eyes look at different things), so blocks of four
    numbers stay together as well: what one patient's pictures taken in a row could give away stays on one side.
    """
    n, parent = len(names), list(range(len(names)))

    def root(i):
        while parent[i] != i:
            parent[i] = i = parent[parent[i]]
        return i

    h = thumbs - thumbs.mean((1, 2), keepdims=True)
    unit = lambda v: (v.reshape(n, -1) / np.linalg.norm(v.reshape(n, -1), axis=1, keepdims=True).clip(1e-6)).astype(np.float32)
    straight = unit(h)
    for c in ("idrid", "aptos"):
        i = np.where(clinic == c)[0]
        for a, b in zip(*np.where(np.triu(straight[i] @ straight[i].T > 0.85, 1))):
            parent[root(i[a])] = root(i[b])
    block = {}
    for i in np.where(clinic == "idrid")[0]:
        if len(names[i]) == len("IDRiD_001"):  # the grading set's numbers; the mask pictures count on their own
            parent[root(i)] = root(block.setdefault(int(names[i][6:]) // 4, i))
    return np.array([f"e{names[i].split('_')[0]}" if clinic[i] == "eyepacs" else f"{clinic[i][0]}{root(i)}" for i in range(n)])


def build(data, cache):
    items = listed(Path(data))
    cache = Path(cache)
    cache.mkdir(parents=True, exist_ok=True)
    n, eye = len(items), [i for i, t in enumerate(items) if t[0] == "eyepacs"]
    images = np.lib.format.open_memmap(cache / "images.npy", "w+", np.uint8, (n, SIDE_PX, SIDE_PX, 3))
    small = np.lib.format.open_memmap(cache / "eyepacs400.npy", "w+", np.uint8, (len(eye), SIDE_PX, SIDE_PX, 3))
    masks, known, thumbs = np.zeros((n, len(KINDS), CELLS, CELLS), np.uint8), np.zeros((n, len(KINDS)), bool), []
    ratios = np.ones(n, np.float32)
    for i, (clinic, name, file, grade, quality, boxes, mask) in enumerate(items):
        picture = Image.open(file).convert("RGB")
        if clinic == "aptos":
            picture, ratios[i] = unsqueezed(picture)
        images[i] = np.asarray(square(picture))
        masks[i], known[i] = lesions(picture.size, retina_square(picture), boxes, mask)
        if clinic == "eyepacs":  # as a screening service would send it: 400 px on the longer side
            scale = 400 / max(picture.size)
            small[i - eye[0]] = np.asarray(square(picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.LANCZOS)))
        detail = local_contrast(torch.from_numpy(images[i].copy()).permute(2, 0, 1)[None].float() / 255)
        thumbs.append(F.avg_pool2d(detail.mean(1), 16)[0].numpy())
        if i % 500 == 0:
            print(i, flush=True)
    clinic, names = np.array([t[0] for t in items]), [t[1] for t in items]
    thumbs = np.stack(thumbs)
    np.savez(cache / "meta.npz", clinic=clinic, name=names, grade=[t[3] for t in items], quality=[t[4] for t in items],
             group=look_alike_groups(thumbs, clinic, names), masks=masks, known=known, thumbs=thumbs, ratio=ratios)


def cached(cache):
    """Squares (N×S×S×3, mapped, not read), EyePACS at 400 px, and the table of everything else."""
    cache = Path(cache)
    meta = dict(np.load(cache / "meta.npz"))
    return np.load(cache / "images.npy", mmap_mode="r"), np.load(cache / "eyepacs400.npy", mmap_mode="r"), meta


if __name__ == "__main__":
    build(*sys.argv[1:3])
