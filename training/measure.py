"""Where the response of a trained sequencer lies: the share inside lesion boxes, under every rule and magnitude.

    python3 training/measure.py DATA FOLD.pt [FOLD.pt ...]     # each on the pictures that its training left out

Counts pictures of true grade 2 and above that have a box. `ratio` is the share of the response (inside the retina)
that lies in boxes over the share of the retina that the boxes cover; `strongest` says how often the strongest pixel
lies in a box, `blurred` the same after a Gaussian of 4 px.
"""
import argparse

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from retina_data import cached
from retina_dr import ARCH, Sequencer, figures, scores

RULES = ("linear", "deconvnet", "gated", "guided")


class Ruled(torch.autograd.Function):
    """ReLU whose way back follows a rule of the CLEAR literature."""

    @staticmethod
    def forward(ctx, x, rule):
        ctx.rule = rule
        ctx.save_for_backward(x > 0)
        return F.relu(x)

    @staticmethod
    def backward(ctx, signal):
        (kept,) = ctx.saved_tensors
        if ctx.rule in ("deconvnet", "guided"):
            signal = F.relu(signal)
        if ctx.rule in ("gated", "guided"):
            signal = signal * kept
        return signal, None


def response(net, x, rule, classes):
    """Signed sum over the input channels of the back-projected class maps. One class a picture."""
    x = x.clone().requires_grad_()
    h = x
    for layer in [*net.low, *net.high]:
        h = Ruled.apply(h, rule) if isinstance(layer, nn.ReLU) else layer(h)
    maps = F.conv2d(h, net.grade.weight)
    start = torch.zeros_like(maps).scatter(1, classes[:, None, None, None].expand(-1, 1, *maps.shape[2:]), 1) * F.relu(maps.detach())
    (back,) = torch.autograd.grad(maps, x, start)
    return back.sum(1).detach(), F.relu(maps.detach()), classes


def blur(m, sigma=4.0):
    k = torch.exp(-torch.arange(-12, 13).float() ** 2 / (2 * sigma**2))
    k = k / k.sum()
    m = torch.from_numpy(m)[None, None]
    return F.conv2d(F.conv2d(m, k.view(1, 1, -1, 1), padding=(12, 0)), k.view(1, 1, 1, -1), padding=(0, 12))[0, 0].numpy()


def place(m, inside, retina):
    """Ratio, and whether the strongest raw and blurred pixel lies in a box."""
    soft = blur(m)
    share = (m * (inside & retina)).sum() / max((m * retina).sum(), 1e-9)
    cover = (inside & retina).sum() / retina.sum()
    return share / cover, share, inside.flat[m.argmax()], inside.flat[soft.argmax()]


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("data"), ap.add_argument("folds", nargs="+"), ap.add_argument("--cache", default="/tmp/idrid.pt")
    ap.add_argument("--flips", action="store_true")
    a = ap.parse_args()
    X, Y, M, E, R, N = cached(a.data, a.cache)
    found, all_scores, all_y = {}, [], []
    for path in a.folds:
        saved = torch.load(path, weights_only=False)
        net = Sequencer(**ARCH[saved["args"]["arch"]]).eval()
        net.load_state_dict(saved["net"])
        held = saved["held"]
        for flips in (False, True):
            s = scores(net, X, held, flips)
            print(path, "flips" if flips else "single", {k: round(v, 3) for k, v in figures(s, Y[held].numpy()).items()}, flush=True)
        all_scores.append(s), all_y.append(Y[held].numpy())
        p = s.softmax(1).numpy()
        decided = (np.cumsum(p, 1) < 0.5).sum(1)
        for j, i in enumerate(held.tolist()):
            if Y[i] < 2 or not (E[i] & R[i]).any():
                continue
            for rule in RULES:
                x, c = X[i : i + 1].float(), torch.tensor([decided[j]])
                r, maps, c = response(net, x, rule, c)
                r, cam = r[0].numpy(), maps[0, int(c)].numpy()
                if a.flips:
                    r2, maps2, _ = response(net, x.flip(3), rule, c)
                    r = (r + r2[0].numpy()[:, ::-1]) / 2
                for name, m in (("abs", np.abs(r)), ("positive", np.maximum(r, 0))):
                    found.setdefault((rule, name), []).append(place(m.copy(), E[i], R[i]))
            up = F.interpolate(maps[:, int(c)][None], size=(512, 512), mode="bilinear")[0, 0].clamp(min=0).numpy()
            found.setdefault(("CAM", "positive"), []).append(place(up, E[i], R[i]))
    for key, v in found.items():
        v = np.array(v, dtype=float)
        print(f"{key[0]:>10} {key[1]:>9}  n {len(v)}  ratio median {np.median(v[:, 0]):.2f} mean {v[:, 0].mean():.2f}  share {v[:, 1].mean():.3f}  strongest {v[:, 2].mean():.3f} blurred {v[:, 3].mean():.3f}")
    if len(a.folds) > 1:
        s = torch.cat(all_scores)
        print("pooled", {k: round(v, 3) for k, v in figures(s, np.concatenate(all_y)).items()})
