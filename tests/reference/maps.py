"""Writes `tests/fixtures/maps.json`: figures of maps by Quantus, and by scikit-image what Quantus does otherwise.

    pip install quantus scikit-image && python3 tests/reference/maps.py

Quantus gives the pointing game, energy inside (its attribution localisation), Spearman's correlation and pixel flipping.
Its pixel flipping is deletion without the whole picture at the beginning; insertion is the same with the order turned
round, read backwards. Its own structural similarity has a square window of 7 pixels; Wang's Gaussian is scikit-image's.
"""
import json
import warnings
from pathlib import Path

import numpy as np
import quantus
import torch
from quantus.functions import similarity_func
from quantus.helpers.utils import calculate_auc
from skimage.metrics import structural_similarity

# NumPy calls it otherwise since 2.0, Quantus does not.
np.trapz = getattr(np, "trapz", None) or np.trapezoid
SIDE = 16
STEP = 8
warnings.simplefilter("ignore")
quiet = {"disable_warnings": True, "normalise": False, "abs": False}


class Model(torch.nn.Module):
    """Two classes: softmax of 0 and of a weighted sum of the pixels."""

    def __init__(self, weights, bias):
        super().__init__()
        self.weights = torch.nn.Parameter(torch.tensor(weights, dtype=torch.float32))
        self.bias = bias

    def forward(self, x):
        score = (x * self.weights).sum(dim=(1, 2, 3)) + self.bias
        return torch.stack([torch.zeros_like(score), score], dim=1)


def flipping(model, picture, values):
    metric = quantus.PixelFlipping(features_in_step=STEP, perturb_baseline="black", **quiet)
    batch = [array[None, None].astype(np.float32) for array in (picture, values)]
    curve = metric(model=model, x_batch=batch[0], y_batch=np.array([1]), a_batch=batch[1], softmax=True, device="cpu")[0]
    return np.array(curve, float)


def area(curve):
    return float(calculate_auc(np.array(curve))) / (len(curve) - 1)


def case(rng, number):
    # Smooth maps with a peak, no value twice.
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    peak = rng.uniform(2, SIDE - 2, 2)
    values = np.exp(-((rows - peak[0]) ** 2 + (columns - peak[1]) ** 2) / 20) + 0.3 * rng.random((SIDE, SIDE))
    other = values ** 2 + 0.4 * rng.random((SIDE, SIDE))
    top, left = rng.integers(0, SIDE - 5, 2)
    mask = np.zeros((SIDE, SIDE), bool)
    mask[top:top + 5, left:left + 4] = True
    if number % 2:
        mask[int(peak[0]), int(peak[1])] = mask[np.unravel_index(values.argmax(), values.shape)] = True
    picture = rng.random((SIDE, SIDE))
    picture -= picture.min()  # what Quantus calls black is the picture's lowest value
    weights = 0.15 * rng.normal(size=(SIDE, SIDE))
    bias = float(rng.normal())
    model = Model(weights, bias).eval()

    batch = {"x_batch": picture[None, None], "a_batch": values[None, None], "s_batch": mask[None, None]}
    pointing = quantus.PointingGame(**quiet)(model=None, y_batch=np.array([1]), **batch)[0]
    energy = quantus.AttributionLocalisation(positive_attributions=True, **quiet)(
        model=None, y_batch=np.array([1]), **batch)[0]
    scores = [0.0, float((picture.astype(np.float32) * weights.astype(np.float32)).sum()) + bias]
    whole = float(np.exp(scores[1]) / np.exp(scores).sum())
    empty = float(np.exp(bias) / (1 + np.exp(bias)))
    deletion = np.concatenate([[whole], flipping(model, picture, values)])
    insertion = np.concatenate([[whole], flipping(model, picture, values.max() - values)])[::-1]
    assert abs(deletion[-1] - empty) < 1e-5 and abs(insertion[0] - empty) < 1e-5
    scaled = [array / array.max() for array in (values, other)]
    ssim = structural_similarity(*scaled, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1.0)
    return {
        "map": np.round(values, 6).ravel().tolist(),
        "other": np.round(other, 6).ravel().tolist(),
        "mask": mask.astype(int).ravel().tolist(),
        "picture": np.round(picture, 6).ravel().tolist(),
        "weights": np.round(weights, 6).ravel().tolist(),
        "bias": bias,
        "pointing": float(pointing),
        "energy": float(energy),
        "iou_from_half": float((mask & (values >= 0.5 * values.max())).sum() / (mask | (values >= 0.5 * values.max())).sum()),
        "spearman": float(similarity_func.correlation_spearman(values.ravel(), other.ravel())),
        "ssim": float(ssim),
        "deletion": deletion.tolist(),
        "insertion": insertion.tolist(),
        "deletion_area": area(deletion),
        "insertion_area": area(insertion),
    }


if __name__ == "__main__":
    rng = np.random.default_rng(15)
    cases = [case(rng, number) for number in range(4)]
    path = Path(__file__).parents[1] / "fixtures/maps.json"
    text = json.dumps({"side": SIDE, "step": STEP, "quantus": quantus.__version__, "cases": cases}, separators=(",", ":"))
    path.write_text(text + "\n")
    for found in cases:
        print({name: value for name, value in found.items() if isinstance(value, float)})
