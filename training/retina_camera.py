"""The random views of `retina_augment.py`, and more, for whole batches on a GPU: what tells a clinic is taken away.

Exposure, gamma, cast, focus, resolution, JPEG, noise, a field cut off above and below, framing and, after local contrast,
how strong the contrast is. All clinics alike. Batches are seeded by a generator of the device and one of NumPy.
"""
import math

import numpy as np
import torch
import torch.nn.functional as F

from retina_augment import turn
from retina_data import local_contrast

# JPEG's tables for quality 50 (ITU-T T.81, annex K).
LUMA = [16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
        18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99]
CHROMA = [17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66] + [99] * 38
TO_YCC = [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]]
WAVES = [[math.sqrt((1 if u == 0 else 2) / 8) * math.cos((2 * v + 1) * u * math.pi / 16) for v in range(8)] for u in range(8)]
GROUP = 8  # so many pictures of a batch share a resolution and a blur


def rounded(plane, table):
    """A plane's blocks of 8×8 as JPEG keeps them. plane: N×H×W about 0; table: N×8×8."""
    n, h, w = plane.shape
    waves = torch.tensor(WAVES, device=plane.device)
    both = torch.kron(waves, waves)  # rows and columns at once: one large product instead of many small ones
    b = plane.view(n, h // 8, 8, w // 8, 8).transpose(2, 3).reshape(n, -1, 64)
    t = table.view(-1, 1, 64)
    b = (torch.round(b @ both.T / t) * t) @ both
    return b.view(n, h // 8, w // 8, 8, 8).transpose(2, 3).reshape(n, h, w)


def jpeg(x, quality):
    """Pictures (N×3×H×W in 0..1, sides multiples of 16) as JPEG of each one's quality would give them back."""
    scale = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality)[:, None, None]
    luma, chroma = (((torch.tensor(t, device=x.device).float().view(1, 8, 8) * scale + 50) / 100).floor().clamp(1, 255) for t in (LUMA, CHROMA))
    to = torch.tensor(TO_YCC, device=x.device)
    y, *colour = torch.einsum("cd,ndhw->cnhw", to, x * 255)
    half = [rounded(F.avg_pool2d(c[:, None], 2)[:, 0], chroma) for c in colour]
    colour = [F.interpolate(c[:, None], scale_factor=2, mode="bilinear")[:, 0] for c in half]
    ycc = torch.stack([rounded(y - 128, luma) + 128, *colour])
    return (torch.einsum("cd,dnhw->nchw", torch.linalg.inv(to), ycc) / 255).clamp(0, 1)


def blurred(x, sigma):
    r = torch.arange(-6, 7, device=x.device).float()
    k = torch.exp(-(r**2) / (2 * sigma**2))
    k = (k / k.sum()).repeat(3, 1)
    x = F.conv2d(F.pad(x, (6, 6, 6, 6), "replicate"), k[:, None, :, None], groups=3)
    return F.conv2d(x, k[:, None, None, :], groups=3)


def stored(x, rng, strength):
    """A group of pictures taken less sharply, made smaller, kept as JPEG, and made large again."""
    full, n = x.shape[-1], len(x)
    if rng.random() < 0.25 * strength:
        x = blurred(x, rng.uniform(0.5, 1 + 1.2 * strength))
    least = 160 * 2 ** (1 - strength)
    side = int(np.exp(rng.uniform(np.log(least), np.log(full + 1)))) // 16 * 16 if rng.random() < 0.6 else full
    if side < full:
        x = F.interpolate(x, size=(side, side), mode="bilinear", antialias=True)
    if rng.random() < 0.6:
        some = torch.from_numpy(rng.random(n) < 0.85).to(x.device)[:, None, None, None]
        x = torch.where(some, jpeg(x, torch.from_numpy(rng.uniform(40, 95, n)).float().to(x.device)), x)
    return F.interpolate(x, size=(full, full), mode="bilinear") if side < full else x


@torch.no_grad()
def view(pixels, masks, side, rng, dice, strength=1.0):
    """Network input (N×3×side×side after local contrast) and lesion masks at a quarter of it; all on the device.

    pixels: N×S×S×3 uint8; masks: N×5×S/4×S/4 uint8. Less than 1 as `strength` makes light, focus and contrast vary less.
    """
    n, full, device = len(pixels), pixels.shape[1], pixels.device
    put = lambda v: torch.from_numpy(np.asarray(v, np.float32)).to(device).view(n, -1, 1, 1)
    x = pixels.permute(0, 3, 1, 2).float() / 255
    x = x.pow(put(np.exp(rng.uniform(-0.3, 0.3, n)))) * put(2.0 ** rng.normal(0, 0.75 * strength, n).clip(-1.6, 1.6)) * put(np.exp(rng.normal(0, 0.13, (n, 3))))
    noise = put(np.where(rng.random(n) < 0.3, rng.uniform(0, 0.03 * strength, n), 0))
    x = (x + torch.randn(x.shape, device=device, generator=dice) * noise * (x > 0.03)).clamp_(0, 1)
    band = put(np.where(rng.random(n) < 0.2, rng.integers(1, max(full // 7, 2), n), 0))
    row = torch.arange(full, device=device).view(1, 1, -1, 1)
    x = x * ((row >= band) & (row < full - band))
    x = torch.cat([stored(g, rng, strength) for g in x.split(GROUP)])
    theta = turn(n, rng).to(device)
    x = F.grid_sample(x, F.affine_grid(theta, (n, 3, side, side), False), "bilinear", "zeros", False)
    m = F.grid_sample(masks.float(), F.affine_grid(theta, (n, masks.shape[1], side // 4, side // 4), False), "bilinear", "zeros", False)
    x = local_contrast(x) * put(np.exp(rng.normal(0, 0.25 * strength, n)))
    return x.clamp_(-2, 2), m
