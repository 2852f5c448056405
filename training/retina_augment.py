"""Random views that take away what tells a clinic: exposure, colour, sharpness, JPEG, framing. The same for every clinic."""
import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from retina_data import local_contrast

POOL = ThreadPoolExecutor(2)


def retake(args):
    """One square as another camera would have taken and stored it: uint8 in, uint8 out, the same size."""
    pixels, stops, gamma, cast, side, quality, band = args
    v = np.linspace(0, 1, 256, dtype=np.float32)[:, None] ** gamma * 2.0**stops * cast
    table = np.rint(v.clip(0, 1) * 255).astype(np.uint8)
    out = np.stack([table[:, c][pixels[:, :, c]] for c in range(3)], 2)
    full = pixels.shape[0]
    if band:  # a field cut off above and below
        out[:band] = out[-band:] = 0
    if side < full or quality:
        small = Image.fromarray(out)
        if side < full:
            small = small.resize((side, side), Image.BILINEAR)
        if quality:
            store = io.BytesIO()
            small.save(store, "JPEG", quality=quality)
            small = Image.open(store)
        out = np.asarray(small.resize((full, full), Image.BILINEAR) if side < full else small)
    return torch.from_numpy(out.copy())


def turn(n, rng):
    """Affine motion: any angle, flips, scale, a little shift, and pixels that are not quite square."""
    angle, zoom = rng.uniform(0, 2 * np.pi, n), np.exp(rng.uniform(-0.30, 0.10, n))
    stretch = np.exp(rng.normal(0, 0.06, n))
    narrow = rng.random(n) < 0.1  # squeezed pictures whose rim could not be fitted
    stretch[narrow] *= rng.uniform(1.0, 1.4, narrow.sum())
    flip = rng.choice([-1.0, 1.0], n)
    c, s = np.cos(angle), np.sin(angle)
    rotate = np.stack([np.stack([c, -s], 1), np.stack([s, c], 1)], 1)
    shape = np.zeros((n, 2, 2))
    shape[:, 0, 0], shape[:, 1, 1] = zoom * stretch * flip, zoom / stretch
    # Squeeze first or rotate first: a picture is squeezed along its own axes, so the rotation comes before it in output.
    matrix = np.concatenate([shape @ rotate, rng.uniform(-0.06, 0.06, (n, 2, 1))], 2)
    return torch.from_numpy(matrix).float()


def view(pixels, masks, side, rng, strong=True):
    """Network input (N×3×side×side after local contrast) and lesion masks at a quarter of it."""
    n = len(pixels)
    stops = rng.normal(0, 0.7, n).clip(-1.5, 1.5)
    gamma = np.exp(rng.uniform(-0.25, 0.25, n))
    cast = np.exp(rng.normal(0, 0.12, (n, 3)))
    sizes = np.where(rng.random(n) < 0.6, np.exp(rng.uniform(np.log(200), np.log(512), n)), 512).astype(int)
    quality = np.where(rng.random(n) < 0.4, rng.integers(40, 95, n), 0)
    band = np.where(rng.random(n) < 0.2, rng.integers(1, 70, n), 0)
    jobs = [(pixels[i], stops[i], gamma[i], cast[i].astype(np.float32), int(sizes[i]), int(quality[i]), int(band[i])) for i in range(n)]
    x = torch.stack(list(POOL.map(retake, jobs))).permute(0, 3, 1, 2).float().div_(255)
    theta = turn(n, rng)
    x = F.grid_sample(x, F.affine_grid(theta, (n, 3, side, side), False), "bilinear", "zeros", False)
    m = F.grid_sample(masks.float(), F.affine_grid(theta, (n, masks.shape[1], side // 4, side // 4), False), "bilinear", "zeros", False)
    return local_contrast(x), m
