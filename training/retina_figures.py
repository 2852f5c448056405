"""Figures of a five-grade answer, and their intervals by resampling patients."""
import numpy as np


def auc(s, y):
    """Chance that a picture with the finding scores above one without; ties count half."""
    order = np.argsort(s, kind="mergesort")
    values, start, count = np.unique(s[order], return_index=True, return_counts=True)
    rank = np.repeat(start + (count + 1) / 2, count)
    p = y[order].sum()
    return float((rank[y[order]].sum() - p * (p + 1) / 2) / (p * (len(y) - p)))


def kappa(p, y, k=5):
    o = np.zeros((k, k))
    np.add.at(o, (y, p), 1)
    w = (np.arange(k)[:, None] - np.arange(k)) ** 2
    e = o.sum(1)[:, None] * o.sum(0) / len(y)
    return float(1 - (w * o).sum() / max((w * e).sum(), 1e-9))


def calibration_error(p, y, bins=10):
    """Expected calibration error of the decided grade's probability, in bins of equally many pictures."""
    sure, right = p.max(1), p.argmax(1) == y
    parts = np.array_split(np.argsort(sure), bins)
    return float(sum(len(i) * abs(sure[i].mean() - right[i].mean()) for i in parts if len(i)) / len(y))


def figures(p, y):
    mode, median = p.argmax(1), (np.cumsum(p, 1) < 0.5).sum(1)
    return dict(any=auc(1 - p[:, 0], y > 0), referable=auc(p[:, 2:].sum(1), y > 1), kappa=kappa(mode, y), kappa_median=kappa(median, y),
                accuracy=float((mode == y).mean()), majority=float(np.bincount(y, minlength=5).max() / len(y)), ece=calibration_error(p, y))


def intervals(p, y, group, times=500, seed=0):
    """Each figure with its 95 % interval, whole patients drawn with replacement."""
    rng, point = np.random.default_rng(seed), figures(p, y)
    members = [np.where(group == g)[0] for g in np.unique(group)]
    drawn = []
    for _ in range(times):
        i = np.concatenate([members[j] for j in rng.integers(0, len(members), len(members))])
        if 0 < (y[i] > 1).sum() and (y[i] > 0).sum() < len(i):
            drawn.append(figures(p[i], y[i]))
    return {k: (v, *np.percentile([d[k] for d in drawn], [2.5, 97.5])) for k, v in point.items()}


def temperature(score, y):
    """The divisor of the scores at which the held-out grades are likeliest."""
    def loss(t):
        z = score / t
        z = z - z.max(1, keepdims=True)
        return -(z[np.arange(len(y)), y] - np.log(np.exp(z).sum(1))).mean()
    return min(np.exp(np.linspace(np.log(0.2), np.log(5), 161)), key=loss)


def operating_points(s, y, sensitivities=(0.95, 0.9, 0.8)):
    """For each wanted sensitivity the highest threshold that reaches it, with the sensitivity and specificity there."""
    found = []
    for wanted in sensitivities:
        ill = np.sort(s[y])[::-1]
        least = ill[int(np.ceil(wanted * len(ill) - 1e-9)) - 1]
        found.append((float(least), float((s[y] >= least).mean()), float((s[~y] < least).mean())))
    return found


def softmax(score, t=1.0):
    z = np.exp((score - score.max(1, keepdims=True)) / t)
    return z / z.sum(1, keepdims=True)


def show(found):
    return "  ".join(f"{k} {v[0]:.3f} [{v[1]:.3f}, {v[2]:.3f}]" if isinstance(v, tuple) else f"{k} {v:.3f}" for k, v in found.items())
