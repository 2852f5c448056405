"""Writes `steps.npz`: a drawn picture after each preprocessing step, by Pillow and NumPy (and `training/retina_data.py`).

    pip install pillow numpy torch && python3 tests/reference/steps.py

The picture is a formula, so that nothing but the results needs to be stored.
"""
import sys
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2] / "training"))
from retina_data import local_contrast, square  # noqa: E402

WIDTH, HEIGHT = 203, 151


def picture():
    """A lit disc with waves in it, off the middle, cut by the right border."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.int64)
    lit = (x - 140) ** 2 + (y - 74) ** 2 < 70**2
    waves = np.stack([150 + (x * 7 + y * 3) % 90, 60 + (x * y) % 70, 20 + (x * 5 + y * y) % 40], 2)
    return Image.fromarray((waves * lit[:, :, None]).astype(np.uint8))


def planes(image):
    a = np.asarray(image, np.float32)
    return a[None] if a.ndim == 2 else a.transpose(2, 0, 1)


if __name__ == "__main__":
    import torch

    p = picture()
    small = p.resize((32, 20), Image.BILINEAR)
    unit = planes(p.resize((32, 32), Image.BILINEAR)) / 255
    out = {
        "resize": planes(small),
        "enlarge": planes(p.crop((90, 40, 110, 55)).resize((48, 40), Image.BILINEAR)),
        "grey": planes(p.convert("L").resize((32, 20), Image.BILINEAR)),
        "crop_margins": planes(p.crop((10, 8, WIDTH - 10, HEIGHT - 8)).resize((32, 20), Image.BILINEAR)),
        "crop_to_retina": planes(square(p, 32)),
        "unit_range": planes(small) / 255,
        "local_contrast": local_contrast(torch.from_numpy(unit)[None])[0].numpy(),
        "normalise": (planes(small) / 255 - np.float32([0.4, 0.3, 0.2])[:, None, None]) / np.float32([0.2, 0.25, 0.5])[:, None, None],
    }
    g = planes(p.convert("L").resize((32, 20), Image.BILINEAR)).astype(np.float64)
    out["standardise"] = ((g - g.mean()) / (g.std() + 1e-3)).clip(-1.5, 1.5).astype(np.float32)
    np.savez(Path(__file__).with_suffix(".npz"), **out)
    print({k: (v.shape, float(v.min()), float(v.max())) for k, v in out.items()})
