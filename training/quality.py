"""Is a photograph fit to be graded? A logistic regression on plain measures, against EyeQ's labels, by patient folds.

    python3 training/quality.py CACHE

Measures are taken on the square of 512 pixels, made 256 by averaging, so that a picture's own size matters little.
"""
import sys

import numpy as np
import torch
import torch.nn.functional as F

from retina_data import cached
from retina_figures import auc

NAMES = ("brightness", "block-spread", "darkest-tenth", "brightest-tenth", "laplacian", "detail-fine", "detail-middle", "detail-coarse",
         "flat-blocks", "weakest-detail", "lit-share", "glare-share", "dark-share", "left-right", "top-bottom", "red-share", "blue-share")


def measures(square):
    """The plain measures of one 512×512×3 uint8 square, in the order of NAMES."""
    x = F.avg_pool2d(torch.from_numpy(np.asarray(square).copy()).permute(2, 0, 1)[None].float() / 255, 2)
    top = x.amax(1, keepdim=True)
    lit = (top > max(8 / 255, min(25 / 255, 0.2 * float(top.quantile(0.95))))).float()
    inside = -F.max_pool2d(-lit, 9, 1, 4)  # away from the rim, which is sharp in every picture
    n = inside.sum().clamp(min=1)
    g = x[:, 1:2] * 0.7 + x[:, :1] * 0.3
    mean = (g * inside).sum() / n
    box = lambda v, k: F.avg_pool2d(v * lit, k, 1, k // 2, count_include_pad=False) / F.avg_pool2d(lit, k, 1, k // 2, count_include_pad=False).clamp(min=1e-3)
    log = lambda v: float(torch.log(torch.as_tensor(v).clamp(min=1e-6)))
    laplace = F.conv2d(g, torch.tensor([[[[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]]]), padding=1)
    bands = [box(g, a) - box(g, b) for a, b in ((1, 5), (3, 15), (9, 45))]
    energy = [(b**2 * inside).sum() / n for b in bands]
    weight = F.avg_pool2d(inside, 32)
    block = F.avg_pool2d(g * inside, 32) / weight.clamp(min=1e-3)
    detail = (F.avg_pool2d(bands[1] ** 2 * inside, 32) / weight.clamp(min=1e-3)).sqrt()
    full = weight > 0.5
    if not full.any():
        full = weight >= weight.max()
    b, d = block[full], detail[full]
    halves = lambda v, w, dim: float(abs(torch.log((v.narrow(dim, 0, 4).sum() + 0.1) / (w.narrow(dim, 0, 4).sum() + 0.1)) - torch.log((v.narrow(dim, 4, 4).sum() + 0.1) / (w.narrow(dim, 4, 4).sum() + 0.1))))
    colour = (x * inside).sum((0, 2, 3))
    return [log(mean), log(b.std(unbiased=False) + 0.01), log(b.quantile(0.1) + 0.01), log(b.quantile(0.9) + 0.01),
            log((laplace**2 * inside).sum() / n + 1e-6), *[log(e + 1e-6) for e in energy],
            float((d < 0.01).float().mean()), log(d.quantile(0.2) + 0.001), float(lit.mean()),
            float(((x.amin(1, keepdim=True) > 0.8).float() * inside).sum() / n), float(((g < 0.12).float() * inside).sum() / n),
            halves(block * weight, weight, 3), halves(block * weight, weight, 2), float(colour[0] / colour.sum().clamp(min=1e-3)), float(colour[2] / colour.sum().clamp(min=1e-3))]


def fit(x, y, decay):
    """Logistic regression by Newton's method; returns weights and bias for standardised inputs."""
    a, w = np.column_stack([x, np.ones(len(x))]), np.zeros(x.shape[1] + 1)
    ridge = np.diag([decay * len(x)] * x.shape[1] + [0.0])
    for _ in range(30):
        p = 1 / (1 + np.exp(-a @ w))
        w -= np.linalg.solve((a * (p * (1 - p))[:, None]).T @ a + ridge + 1e-9 * np.eye(len(w)), a.T @ (p - y) + ridge @ w)
    return w


def folded(x, y, group, decay, folds=5, seed=0):
    """Scores of every picture by a fit on the other patients."""
    names = np.random.default_rng(seed).permutation(np.unique(group))
    out = np.zeros(len(y))
    for part in np.array_split(names, folds):
        test = np.isin(group, part)
        mean, spread = x[~test].mean(0), x[~test].std(0) + 1e-6
        w = fit((x[~test] - mean) / spread, y[~test], decay)
        out[test] = ((x[test] - mean) / spread) @ w[:-1] + w[-1]
    return out


if __name__ == "__main__":
    torch.set_num_threads(1)
    squares, small, meta = cached(sys.argv[1])
    rows = np.where(meta["quality"] >= 0)[0]
    eye = np.where(meta["clinic"] == "eyepacs")[0][0]
    q, group = meta["quality"][rows], meta["group"][rows]
    for title, pictures, at in (("1024 px", squares, rows), ("400 px", small, rows - eye)):
        x = np.array([measures(pictures[i]) for i in at])
        reject, good = (q == 2).astype(float), (q == 0).astype(float)
        for decay in (0.001, 0.01, 0.03, 0.1):
            runs = [auc(folded(x, reject, group, decay, seed=s), q == 2) for s in range(5)]
            print(f"{title}, ridge {decay}: reject against the rest {np.mean(runs):.3f} ({min(runs):.3f} to {max(runs):.3f} over five foldings)")
        s, rng = folded(x, reject, group, 0.01), np.random.default_rng(0)
        members = [np.where(group == g)[0] for g in np.unique(group)]
        drawn = [auc(s[i], q[i] == 2) for i in (np.concatenate([members[j] for j in rng.integers(0, len(members), len(members))]) for _ in range(1000))]
        print(f"  95 % over patients {np.percentile(drawn, [2.5, 97.5]).round(3)}; good against the rest {auc(folded(x, good, group, 0.01), q == 0):.3f}")
        for k, n in enumerate(NAMES):
            print(f"  {n:16} alone {max(auc(x[:, k], q == 2), auc(-x[:, k], q == 2)):.3f}", end="")
        w = fit((x - x.mean(0)) / (x.std(0) + 1e-6), reject, 0.01)
        print("\n  name, mean, spread, weight of the standardised measure:")
        for n, m, d, v in zip(NAMES, x.mean(0), x.std(0), w):
            print(f"  {n:16} {m:9.4f} {d:8.4f} {v:8.4f}")
        print(f"  bias {w[-1]:.4f}", flush=True)
