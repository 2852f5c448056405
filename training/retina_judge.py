"""Measures what `retina_dr.py` trained, on pictures that it did not see, and prints a table.

    python3 training/retina_judge.py CACHE FIT.pt [--changes] [--thumbnails]

Held-out patients of each clinic that it was trained on, and every clinic that was left out whole. EyePACS is always
judged at 400 px. Intervals are 95 % over patients.
"""
import argparse, io

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from retina_augment import view
from retina_data import CLINICS, cached, local_contrast
from retina_dr import scores
from retina_figures import auc, calibration_error, intervals, kappa, operating_points, show, softmax, temperature
from retina_net import load


def jpeg(x, quality=70):
    out = []
    for picture in (x * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy():
        store = io.BytesIO()
        Image.fromarray(picture).save(store, "JPEG", quality=quality)
        out.append(torch.from_numpy(np.asarray(Image.open(store)).copy()))
    return torch.stack(out).permute(0, 3, 1, 2).float() / 255


def turned(x, degrees=5.0):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    theta = torch.tensor([[c, -s, 0], [s, c, 0]], dtype=torch.float32).expand(len(x), 2, 3)
    return F.grid_sample(x, F.affine_grid(theta, x.shape, False), "bilinear", "zeros", False)


CHANGES = {"+1 stop": lambda x: (x * 2).clamp(max=1), "-1 stop": lambda x: x / 2, "mirror": lambda x: x.flip(3), "5 degrees": turned, "JPEG 70": jpeg}


def parts(squares, small, meta, held, left_out):
    """Name, pictures, their rows there, and their rows in the table."""
    eye = np.where(meta["clinic"] == "eyepacs")[0]
    graded = meta["grade"] >= 0
    for clinic in CLINICS:
        rows = np.where((meta["clinic"] == clinic) & graded)[0] if clinic in left_out else held[meta["clinic"][held] == clinic]
        name = f"{clinic}, {'never seen' if clinic in left_out else 'held-out patients'}"
        if len(rows):
            yield (name, small, rows - eye[0], rows) if clinic == "eyepacs" else (name, squares, rows, rows)


def regression(x, y, x_test, classes, decay=1e-2):
    """Multinomial logistic regression with standardised inputs: probabilities of the test rows."""
    mean, spread = x.mean(0), x.std(0) + 1e-3
    a, b = (torch.from_numpy((v - mean) / spread).float() for v in (x, x_test))
    fit = torch.nn.Linear(a.shape[1], classes)
    opt = torch.optim.LBFGS(fit.parameters(), max_iter=200, line_search_fn="strong_wolfe")
    target = torch.from_numpy(y)

    def closure():
        opt.zero_grad()
        loss = F.cross_entropy(fit(a), target) + decay * (fit.weight**2).sum() / 2
        loss.backward()
        return loss

    opt.step(closure)
    return fit(b).softmax(1).detach().numpy()


def thumbnails(squares, meta, train, held, rng):
    """What 16×16 pixels alone tell of grade and clinic: as photographed, as the network reads them, and from random views."""
    def batches(rows, make):
        out = []
        for b in range(0, len(rows), 16):
            x = torch.from_numpy(np.ascontiguousarray(squares[rows[b : b + 16]]))
            out.append(F.adaptive_avg_pool2d(make(x), 16).flatten(1).numpy())
        return np.concatenate(out)

    flat = lambda x: x.permute(0, 3, 1, 2).float() / 255
    kinds = {"the photograph's": flat, "the network input's": lambda x: local_contrast(flat(x)),
             "random views'": lambda x: view([v.numpy() for v in x], torch.zeros(len(x), 5, 128, 128), 256, rng)[0]}
    clinic = np.array([CLINICS.index(c) for c in meta["clinic"]])
    for name, make in kinds.items():
        a, b = batches(train, make), batches(held, make)
        p, q = regression(a, clinic[train], b, 3), regression(a, meta["grade"][train], b, 5)
        y, c = meta["grade"][held], clinic[held]
        print(f"16x16 thumbnail, {name}: clinic accuracy {(p.argmax(1) == c).mean():.3f} (majority {np.bincount(c).max() / len(c):.3f}), "
              f"grade any {auc(1 - q[:, 0], y > 0):.3f} referable {auc(q[:, 2:].sum(1), y > 1):.3f} kappa {kappa(q.argmax(1), y):.3f}", flush=True)


def questions(found, t, meta):
    """Operating points for any and referable retinopathy on all held-out patients together, and what they bring in each clinic."""
    p = np.concatenate([softmax(s, t) for *_, s in found])
    y = np.concatenate([meta["grade"][rows] for *_, rows, _ in found])
    for name, at in (("any", 1), ("referable", 2)):
        for least, sensitivity, specificity in operating_points(p[:, at:].sum(1), y >= at):
            print(f"{name}: probability {least:.4f} sensitivity {sensitivity:.3f} specificity {specificity:.3f}", end="")
            for clinic, *_, rows, s in found:
                q, z = softmax(s, t)[:, at:].sum(1), meta["grade"][rows] >= at
                print(f"; {clinic} {(q[z] >= least).mean():.3f} and {(q[~z] < least).mean():.3f}", end="")
            print(flush=True)


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("cache"), ap.add_argument("fit"), ap.add_argument("--changes", action="store_true"), ap.add_argument("--thumbnails", action="store_true")
    a = ap.parse_args()
    squares, small, meta = cached(a.cache)
    net, saved = load(a.fit)
    held, left_out = saved["held"], saved["args"]["leave_out"]
    found = [(name, pictures, at, rows, scores(net, pictures, at)) for name, pictures, at, rows in parts(squares, small, meta, held, left_out)]
    # Scores come back in the order of `rows`: both are ascending.
    seen = [f for f in found if "held-out" in f[0]]
    t = temperature(np.concatenate([f[4] for f in seen]), np.concatenate([meta["grade"][f[3]] for f in seen]))
    print(f"temperature on all held-out patients {t:.3f}")
    questions(seen, t, meta)
    for name, pictures, at, rows, s in found:
        y, group = meta["grade"][rows], meta["group"][rows]
        print(f"{name}: {len(rows)} pictures, {len(np.unique(group))} patients or groups, grades {np.bincount(y, minlength=5)}, decided {np.bincount(s.argmax(1), minlength=5)}")
        print("   ", show(intervals(softmax(s, t), y, group)))
        print(f"    ECE untempered {calibration_error(softmax(s), y):.3f}, own temperature {temperature(s, y):.3f}", flush=True)
        quality = meta["quality"][rows]
        for q, word in enumerate(("good", "usable", "reject")):
            i = quality == q
            if i.sum() > 30:
                print(f"    quality {word}: {i.sum()} pictures", show(intervals(softmax(s[i], t), y[i], group[i])))
        i = (quality >= 0) & (quality < 2)
        if i.sum() > 100:
            print(f"    quality good or usable: {i.sum()} pictures", show(intervals(softmax(s[i], t), y[i], group[i])))
        if a.changes:
            some = np.arange(0, len(at), max(len(at) // 300, 1))
            same = {k: float((scores(net, pictures, at[some], f).argmax(1) == s[some].argmax(1)).mean()) for k, f in CHANGES.items()}
            print(f"    decision unchanged ({len(some)} pictures):", "  ".join(f"{k} {v:.3f}" for k, v in same.items()), flush=True)
    if a.thumbnails:
        used = np.isin(meta["clinic"], [c for c in CLINICS if c not in left_out]) & (meta["grade"] >= 0)
        used[held] = False
        thumbnails(squares, meta, np.where(used)[0], held, np.random.default_rng(0))
