"""Trains `retina-dr`, the deep radiomic sequencer, on the cache that `retina_data.py` makes, on the CPU.

    python3 training/retina_dr.py CACHE --out DIR --leave-out eyepacs  # a clinic that training never sees
    python3 training/retina_dr.py CACHE --out DIR --begin FIT.pt       # all clinics, less a tenth of the patients: shipped

Every step is seeded. An epoch is 100 batches and leaves a file from which `--resume` goes on. `judge.py` measures what was trained.
"""
import argparse, json, os, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from retina_augment import view
from retina_data import CLINICS, cached, local_contrast
from retina_figures import figures, show, softmax
from retina_net import pretrained
from retina_step import learn, loss_options, optimiser, set_rate

# What a batch is made of: the same share of each grade for every clinic, so that the clinic is no hint of the grade.
CLINIC_SHARE = dict(idrid=0.22, aptos=0.43, eyepacs=0.35)
GRADE_SHARE = (0.38, 0.13, 0.25, 0.12, 0.12)


def by_worst_grade(meta, clinic, rng):
    """A clinic's patients in random order, a list for each grade that is the worst of their pictures."""
    groups = np.unique(meta["group"][meta["clinic"] == clinic])
    worst = np.array([meta["grade"][meta["group"] == g].max() for g in groups])
    return [rng.permutation(groups[worst == grade]) for grade in range(5)]


def held_out(meta, share=0.1, seed=0):
    """About a tenth of every clinic's patients, spread evenly over their worst grades: True where a picture is held."""
    rng, held = np.random.default_rng(seed), np.zeros(len(meta["grade"]), bool)
    for clinic in CLINICS:
        for g in by_worst_grade(meta, clinic, rng):
            held |= np.isin(meta["group"], g[: round(share * len(g))])
    return held


def draw_weights(meta, index, clinic_share=CLINIC_SHARE, most=8, grades=GRADE_SHARE):
    """How likely each picture is drawn; pictures without a grade (they teach lesions) as often as an average one."""
    w = np.zeros(len(index))
    clinic, grade = meta["clinic"][index], meta["grade"][index]
    for c in CLINICS:
        for g, share in enumerate(grades):
            i = (clinic == c) & (grade == g)
            if i.any():
                # A rare grade is not shown more than eight times as often as its clinic's average picture.
                w[i] = clinic_share[c] * min(share / i.sum(), most / (clinic == c).sum())
        w[(clinic == c) & (grade < 0)] = clinic_share[c] / max((clinic == c).sum(), 1)
    return w / w.sum()


@torch.no_grad()
def scores(net, squares, index, change=lambda x: x, side=512):
    """Class scores of pictures (N×5), as they are or after `change` of a batch in 0..1."""
    net.eval()
    out = []
    for b in range(0, len(index), 16):
        x = torch.from_numpy(np.ascontiguousarray(squares[np.sort(index[b : b + 16])])).permute(0, 3, 1, 2).float() / 255
        x = change(x)
        if side != 512:
            x = F.interpolate(x, size=(side, side), mode="bilinear", antialias=True)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            s = net(local_contrast(x).contiguous(memory_format=torch.channels_last))[1]
        out.append(s[np.argsort(np.argsort(index[b : b + 16]))])
    return torch.cat(out).numpy()


def batches(squares, meta, index, weights, side, steps, a, epoch):
    """An epoch of random views; the next batch is made while the network is busy with this one."""
    rng = np.random.default_rng([a.seed, epoch])
    drawn = rng.choice(index, (steps, a.batch), p=weights)
    def make(i):
        x, m = view([np.asarray(squares[j]) for j in i], torch.from_numpy(meta["masks"][i]), side, rng)
        return x.contiguous(memory_format=torch.channels_last), m, torch.from_numpy(meta["grade"][i]), torch.from_numpy(meta["known"][i])
    with ThreadPoolExecutor(1) as ahead:
        nearly = ahead.submit(make, drawn[0])
        for b in range(steps):
            ready, nearly = nearly.result(), ahead.submit(make, drawn[b + 1]) if b + 1 < steps else None
            yield ready


def train(squares, meta, index, check, a, out, log):
    torch.manual_seed(a.seed)
    net, mean = pretrained(), pretrained()
    mean.load_state_dict(net.state_dict())
    slower = lambda name: a.body_rate if name.startswith(net.PRETRAINED) else 5.0 if name == "log_scale" else 1.0
    opt = optimiser(net, a.rate, a.decay, slower)
    last, first = out / "last.pt", 0
    if a.begin:
        began = torch.load(a.begin, weights_only=False)["net"]
        net.load_state_dict(began), mean.load_state_dict(began)
    if a.resume and last.exists():
        kept = torch.load(last, weights_only=False)
        net.load_state_dict(kept["live"]), mean.load_state_dict(kept["net"]), opt.load_state_dict(kept["opt"])
        first = kept["epoch"]
    weights = draw_weights(meta, index)
    for epoch in range(first, a.epochs):
        # Smaller squares first: half the cost a step while the coarse things are learned.
        side = a.small if epoch < a.small_share * a.epochs else a.side
        t, seen = time.time(), 0.0
        net.train()
        for b, batch in enumerate(batches(squares, meta, index, weights, side, a.steps, a, epoch)):
            done = epoch * a.steps + b
            rate = set_rate(opt, a.rate, (done + 0.5) / (a.epochs * a.steps), warm_up=0.1)
            seen += float(learn(net, mean, opt, batch, a, done))
        kept = dict(net=mean.state_dict(), live=net.state_dict(), opt=opt.state_dict(), epoch=epoch + 1, args=vars(a))
        torch.save(kept, out / "writing.pt")
        os.replace(out / "writing.pt", last)
        print(f"{time.strftime('%H:%M:%S')} epoch {epoch + 1}/{a.epochs} side {side} {time.time() - t:.0f} s loss {seen / a.steps:.3f} "
              f"scale {net.log_scale.exp().item():.2f} rate {rate:.5f}", file=log, flush=True)
        if (epoch + 1) % a.every == 0 or epoch + 1 == a.epochs:
            for name, (pictures, at) in check.items():
                p = softmax(scores(mean, pictures, at[0], side=a.side))
                print(f"    {name}: {show(figures(p, at[1]))}  decided {np.bincount(p.argmax(1), minlength=5)}", file=log, flush=True)
    return mean


def split(meta, a):
    """Indices to train on, and the held-out part of what training may see."""
    usable = np.isin(meta["clinic"], [c for c in CLINICS if c not in a.leave_out])
    held = held_out(meta)
    return np.where(usable & ~held)[0], np.where(usable & held & (meta["grade"] >= 0))[0]


def options():
    ap = argparse.ArgumentParser()
    ap.add_argument("cache"), ap.add_argument("--out", required=True), ap.add_argument("--leave-out", nargs="*", default=[])
    ap.add_argument("--epochs", type=int, default=60), ap.add_argument("--batch", type=int, default=16)
    ap.add_argument("--side", type=int, default=512)
    ap.add_argument("--body-rate", type=float, default=0.3, help="part of the rate for weights that were pretrained")
    ap.add_argument("--steps", type=int, default=100), ap.add_argument("--threads", type=int, default=2)
    ap.add_argument("--small", type=int, default=352), ap.add_argument("--small-share", type=float, default=0.4)
    ap.add_argument("--rate", type=float, default=3e-3), ap.add_argument("--decay", type=float, default=0.03)
    ap.add_argument("--keep", type=float, default=0.998), ap.add_argument("--seed", type=int, default=0)
    loss_options(ap, soft=0.42, shared=4)
    ap.add_argument("--every", type=int, default=10), ap.add_argument("--resume", action="store_true")
    ap.add_argument("--begin", help="weights to begin with, from a run with the same held-out patients")
    return ap.parse_args()


if __name__ == "__main__":
    a = options()
    torch.set_num_threads(a.threads)
    out = Path(a.out)
    out.mkdir(parents=True, exist_ok=True)
    squares, small, meta = cached(a.cache)
    index, held = split(meta, a)
    check = {f"held {c}": (squares, (i, meta["grade"][i])) for c in CLINICS if len(i := held[meta["clinic"][held] == c])}
    for c in a.leave_out:  # looked at while training runs, never chosen by
        i = np.where((meta["clinic"] == c) & (meta["grade"] >= 0))[0]
        check[f"unseen {c}"] = (small, (np.arange(len(small)), meta["grade"][i])) if c == "eyepacs" else (squares, (i[::6], meta["grade"][i[::6]]))
    log = open(out / "log.txt", "a")
    print(json.dumps(vars(a)), {c: int((meta["clinic"][index] == c).sum()) for c in CLINICS}, "held", len(held), file=log, flush=True)
    net = train(squares, meta, index, check, a, out, log)
    torch.save(dict(net=net.state_dict(), held=held, args=vars(a)), out / "fit.pt")
