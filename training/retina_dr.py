"""Trains `retina-dr`, the deep radiomic sequencer, on IDRiD's folder layout, on the CPU.

    python3 training/retina_dr.py cv  DATA --out DIR     # k-fold: figures on pictures left out of training
    python3 training/retina_dr.py fit DATA --out DIR     # all pictures: the weights that are shipped

`DATA` holds `1. Original Images`, `2. Groundtruths` and `lesions.csv`. Every step is seeded. The network is the
`conv-stack` of `fovea` with a 1x1 lesion head beside it that is dropped afterwards.
"""
import argparse, json, random, time
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from retina_data import cached

LOW = [(3, 24, 3, 2), "pool", (24, 48, 3, 1), (48, 48, 3, 1), "pool", (48, 96, 3, 1), (96, 96, 3, 1)]


class Sequencer(nn.Module):
    """conv-BN-ReLU stack to 1/16; the last 1x1 convolution has one kernel per grade and a ReLU of its own.

    Its maps hold evidence for a grade, never against one: with signed maps the network said nearly everything by the
    map of grade 0 alone, a thousand times stronger than the others, and no response map could be compared.
    """

    def __init__(self, low=LOW, high=((96, 160, 3, 1), (160, 160, 3, 1)), pool_high=True):
        super().__init__()

        def stage(sizes):
            layers = []
            for s in sizes:
                if s == "pool":
                    layers.append(nn.MaxPool2d(2))
                else:
                    i, o, k, stride = s
                    layers += [nn.Conv2d(i, o, k, stride, k // 2, bias=False), nn.BatchNorm2d(o), nn.ReLU()]
            return nn.Sequential(*layers)

        self.low = stage(low)
        self.high = stage((["pool"] if pool_high else []) + list(high))
        self.grade = nn.Conv2d(high[-1][1], 5, 1)
        self.lesion = nn.Conv2d(low[-1][1], 3, 1)

    def forward(self, x):
        """Class maps (N×5×32×32, at least 0), scores (their means plus a bias), and lesion logits (N×3×64×64)."""
        f = self.low(x)
        maps = F.relu(F.conv2d(self.high(f), self.grade.weight))
        return maps, maps.float().mean((2, 3)) + self.grade.bias, self.lesion(f)


ARCH = {
    "trial": dict(),
    "deep": dict(low=LOW + [(96, 96, 3, 1)], high=((96, 160, 3, 1), (160, 160, 3, 1), (160, 160, 3, 1))),
    "local": dict(low=LOW + [(96, 96, 3, 1)], high=((96, 160, 3, 1), (160, 192, 1, 1), (192, 192, 1, 1))),
}


def augment(x, m, rng):
    """Flips, transposition, a small affine motion and contrast, the same for picture and lesion cells."""
    n = len(x)
    angle = torch.from_numpy(rng.uniform(-20, 20, n)).float() * np.pi / 180
    scale = torch.from_numpy(np.exp(rng.uniform(-0.14, 0.14, n))).float()
    sign = torch.from_numpy(rng.choice([-1.0, 1.0], (2, n))).float()
    c, s = torch.cos(angle) * scale, torch.sin(angle) * scale
    a = torch.stack([torch.stack([c * sign[0], -s * sign[1]], 1), torch.stack([s * sign[0], c * sign[1]], 1)], 1)
    swap = torch.from_numpy(rng.random(n) < 0.5)
    a = torch.where(swap[:, None, None], a.flip(2), a)
    shift = torch.from_numpy(rng.uniform(-0.08, 0.08, (n, 2))).float()
    theta = torch.cat([a, shift[:, :, None]], 2)
    x = F.grid_sample(x, F.affine_grid(theta, x.shape, False), "bilinear", "zeros", False)
    m = F.grid_sample(m, F.affine_grid(theta, m.shape, False), "bilinear", "zeros", False)
    gain = torch.from_numpy(np.exp(rng.uniform(-0.3, 0.3, (n, 1, 1, 1)) + rng.uniform(-0.1, 0.1, (n, 3, 1, 1)))).float()
    return x * gain, m


def losses(maps, score, lesion, y, m, weight, a):
    k = torch.arange(5.0)
    target = torch.exp(-((k[None] - y[:, None]) ** 2) / (2 * a.soft**2)) + 0.01
    target = target / target.sum(1, keepdim=True)
    w = weight[y]
    logp = score.log_softmax(1)
    grade = -(w * (target * logp).sum(1)).mean()
    any_dr = torch.logsumexp(score[:, 1:], 1) - score[:, 0]
    refer = torch.logsumexp(score[:, 2:], 1) - torch.logsumexp(score[:, :2], 1)
    binary = F.binary_cross_entropy_with_logits(any_dr, (y > 0).float()) + F.binary_cross_entropy_with_logits(refer, (y > 1).float())
    expected = (logp.exp() * k).sum(1)
    ordinal = ((expected - y) ** 2).mean()
    spots = F.binary_cross_entropy_with_logits(lesion, m, pos_weight=torch.tensor([4.0, 4.0, 2.0]).view(1, 3, 1, 1))
    total = grade + 0.5 * binary + a.ordinal * ordinal + 2 * spots
    # Evidence for the referable grades should lie in the lesion boxes, its strongest cell too.
    cells = F.max_pool2d(m[:, :2].amax(1), m.shape[-1] // maps.shape[-1]).flatten(1)
    evidence = maps[:, 2:].sum(1).flatten(1)
    outside = (evidence * (1 - cells)).sum(1) / evidence.sum(1).clamp(min=1e-3)
    inside = (evidence.log_softmax(1) + torch.log(cells + 1e-4)).logsumexp(1)
    use = ((y >= 2) & (cells.sum(1) > 0)).float()
    total = total + ((a.focus * outside - a.peak * inside) * use).sum() / use.sum().clamp(min=1)
    return total


def train(X, Y, M, index, seed, a, log, held=None, evaluate=None):
    torch.manual_seed(seed), random.seed(seed)
    rng = np.random.default_rng(seed)
    net = Sequencer(**ARCH[a.arch]).to(memory_format=torch.channels_last)
    mean = Sequencer(**ARCH[a.arch]).to(memory_format=torch.channels_last)
    mean.load_state_dict(net.state_dict())
    steps = len(index) // a.batch
    opt = torch.optim.AdamW(net.parameters(), lr=a.rate, weight_decay=a.decay)
    rate = torch.optim.lr_scheduler.OneCycleLR(opt, a.rate, total_steps=a.epochs * steps + 1, pct_start=0.2)
    weight = torch.bincount(Y[index], minlength=5).float() ** -0.5
    weight = weight / weight[Y[index]].mean()
    for epoch in range(a.epochs):
        t, seen = time.time(), 0.0
        net.train()
        order = index[rng.permutation(len(index))]
        for b in range(steps):
            i = order[b * a.batch : (b + 1) * a.batch]
            x, m = augment(X[i].float(), M[i].float(), rng)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                maps, score, lesion = net(x.contiguous(memory_format=torch.channels_last))
            loss = losses(maps.float(), score, lesion.float(), Y[i], m, weight, a)
            opt.zero_grad(), loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            opt.step(), rate.step()
            seen += float(loss.detach())
            keep = min(0.99, (1 + epoch * steps + b) / (10 + epoch * steps + b))
            with torch.no_grad():
                for p, q in zip(mean.state_dict().values(), net.state_dict().values()):
                    p.lerp_(q, 1 - keep) if p.is_floating_point() else p.copy_(q)
        text = f"epoch {epoch + 1}/{a.epochs} {time.time() - t:.0f} s loss {seen / steps:.3f}"
        if held is not None and (epoch + 1 == a.epochs or (epoch + 1) % a.every == 0):
            text += "  " + evaluate(scores(mean, X, held), Y[held].numpy())
        print(text, file=log, flush=True)
    return mean.eval()


@torch.no_grad()
def scores(net, X, index, flips=True):
    """Class scores averaged over the picture and its mirror image: N×5."""
    net.eval()
    out = []
    for b in range(0, len(index), 8):
        x = X[index[b : b + 8]].float().contiguous(memory_format=torch.channels_last)
        s = net(x)[1]
        out.append((s + net(x.flip(3))[1]) / 2 if flips else s)
    return torch.cat(out)


def auc(s, y):
    p, q = s[y], s[~y]
    return float((p[:, None] > q).mean() + 0.5 * (p[:, None] == q).mean())


def kappa(p, y, k=5):
    o = np.zeros((k, k))
    np.add.at(o, (y, p), 1)
    w = (np.arange(k)[:, None] - np.arange(k)) ** 2
    e = o.sum(1)[:, None] * o.sum(0) / len(y)
    return float(1 - (w * o).sum() / (w * e).sum())


def figures(score, y):
    p = score.softmax(1).numpy() if torch.is_tensor(score) else score
    median = (np.cumsum(p, 1) < 0.5).sum(1)
    expected = np.rint(p @ np.arange(5)).astype(int)
    return dict(any=auc(1 - p[:, 0], y > 0), referable=auc(p[:, 2:].sum(1), y > 1), acc=float((p.argmax(1) == y).mean()),
                kappa_argmax=kappa(p.argmax(1), y), kappa_median=kappa(median, y), kappa_expected=kappa(expected, y),
                acc_median=float((median == y).mean()), majority=float(np.bincount(y).max() / len(y)))


def show(score, y):
    return "  ".join(f"{k} {v:.3f}" for k, v in figures(score, y).items())


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("job", choices=["cv", "fit"]), ap.add_argument("data"), ap.add_argument("--out", required=True)
    ap.add_argument("--cache", default="/tmp/idrid.pt")
    ap.add_argument("--folds", type=int, default=5), ap.add_argument("--only", type=int, nargs="*")
    ap.add_argument("--epochs", type=int, default=30), ap.add_argument("--batch", type=int, default=16)
    ap.add_argument("--rate", type=float, default=3e-3), ap.add_argument("--decay", type=float, default=0.03)
    ap.add_argument("--arch", default="deep"), ap.add_argument("--soft", type=float, default=0.6)
    ap.add_argument("--ordinal", type=float, default=0.3), ap.add_argument("--focus", type=float, default=0.5)
    ap.add_argument("--peak", type=float, default=0.1)
    ap.add_argument("--seed", type=int, default=0), ap.add_argument("--every", type=int, default=10)
    a = ap.parse_args()
    out = Path(a.out)
    out.mkdir(parents=True, exist_ok=True)
    X, Y, M, *_ = cached(a.data, a.cache)
    log = open(out / f"{a.job}.log", "a")
    print(json.dumps(vars(a)), file=log, flush=True)
    fold = torch.zeros(len(Y), dtype=torch.long)
    for g in range(5):
        i = torch.where(Y == g)[0]
        fold[i] = torch.arange(len(i)) % a.folds
    if a.job == "cv":
        for f in a.only or range(a.folds):
            held = torch.where(fold == f)[0]
            print(f"fold {f}", file=log, flush=True)
            net = train(X, Y, M, torch.where(fold != f)[0], a.seed, a, log, held, show)
            torch.save(dict(net=net.state_dict(), held=held, args=vars(a)), out / f"fold{f}.pt")
    else:
        net = train(X, Y, M, torch.arange(len(Y)), a.seed, a, log)
        torch.save(dict(net=net.state_dict(), args=vars(a)), out / f"all-{a.seed}.pt")
