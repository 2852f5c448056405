"""Trains `retina-dr` on a GPU, in minutes. What ships is from `retina_dr.py`, on two cores: docs/training.md tells what
this one gave.

    python3 training/retina_gpu.py imagenet BEGIN.pt       # once, where the package with ImageNet's weights is
    python3 training/retina_gpu.py CACHE --begin BEGIN.pt --out DIR --steps N      # all clinics, less a tenth of the patients
    python3 training/retina_gpu.py CACHE ... --leave-out eyepacs                   # a clinic that training never sees
    python3 training/retina_gpu.py CACHE ... --fold 0                              # half of EyePACS's patients left out

CACHE is what `retina_data.py` or `retina_pack.py unpack` wrote. Every block learns, the early ones slowly. The first part
of the run sees smaller squares; in its last quarter more of IDRiD is drawn and evidence outside lesions costs more.
`--seconds` in place of `--steps` lets the clock say how far the run is; the log says how many steps that were. Sums on a
GPU have no fixed order, so a run cannot be repeated to the last bit.
"""
import argparse, json, os, sys, time
from pathlib import Path

import numpy as np
import torch

from retina_camera import view
from retina_data import CLINICS, local_contrast
from retina_dr import CLINIC_SHARE, GRADE_SHARE, by_worst_grade, draw_weights, held_out
from retina_figures import figures, show, softmax
from retina_followed import Followed
from retina_net import pretrained
from retina_step import learn, loss_options, optimiser, set_rate

# In the last part, where evidence is to be drawn into lesions: only IDRiD's are known.
LATE_SHARE = dict(idrid=0.35, aptos=0.33, eyepacs=0.32)
SLOW = {"blocks.0.": 0.1, "blocks.1.": 0.1, "blocks.2.": 0.15, "blocks.3.": 0.2, "blocks.4.": 0.2, "blocks.": 0.3, "log_scale": 5.0}


def slower(name):
    return next((part for begin, part in SLOW.items() if name.startswith(begin)), 1.0)


def half_of_eyepacs(meta, fold):
    """True for the pictures of one half of EyePACS's patients, spread evenly over their worst grades."""
    order = np.concatenate(by_worst_grade(meta, "eyepacs", np.random.default_rng(1)))
    return np.isin(meta["group"], order[fold::2])


def split(meta, a):
    """Rows to train on, and rows that are measured: held-out patients, or the fold."""
    usable, held = np.isin(meta["clinic"], [c for c in CLINICS if c not in a.leave_out]), held_out(meta)
    out = held if a.fold is None else held | half_of_eyepacs(meta, a.fold)
    check = held if a.fold is None else half_of_eyepacs(meta, a.fold)
    return np.where(usable & ~out)[0], np.where(usable & check & (meta["grade"] >= 0))[0]


@torch.no_grad()
def scores(net, squares, rows):
    net.eval()
    out = []
    for some in np.array_split(rows, max(len(rows) // 64, 1)):
        x = squares[torch.from_numpy(some).to(squares.device)].permute(0, 3, 1, 2).float() / 255
        with torch.autocast(squares.device.type, dtype=torch.bfloat16):
            out.append(net(local_contrast(x).contiguous(memory_format=torch.channels_last))[1].float().cpu())
    return torch.cat(out).numpy()


def train(net, mean, squares, masks, meta, index, a, log, save):
    device, on_device = squares.device, lambda v: torch.from_numpy(v).to(squares.device)
    opt, rng, dice = optimiser(net, a.rate, a.decay, slower), np.random.default_rng(a.seed), torch.Generator(squares.device).manual_seed(a.seed)
    shares = tuple(draw_weights(meta, index, s, a.most, a.grades) for s in (CLINIC_SHARE, LATE_SHARE))
    grade, known, focus, peak = on_device(meta["grade"]), on_device(meta["known"]), a.focus, a.peak
    began, step, told, seen, saved, before = time.time(), 0, time.time(), [], 0, 0
    while (done := (time.time() - began) / a.seconds if a.seconds else step / a.steps) < 1:
        late, side = done >= 1 - a.late, a.small if done < a.small_share else a.side
        if side != before and device.type == "cuda":
            torch.cuda.empty_cache()
        before = side
        a.focus, a.peak = (4 * focus, 4 * peak) if late else (focus, peak)
        if done * 4 >= saved + 1:
            saved += 1
            print(f"part {saved} of 4 done at step {step}", file=log, flush=True)
            save(mean, f"part {saved}")
        set_rate(opt, a.rate, done, warm_up=0.06)
        rows = on_device(rng.choice(index, a.batch, p=shares[late]))
        net.train()
        x, m = view(squares[rows], masks[rows], side, rng, dice, a.strength)
        batch = x.contiguous(memory_format=torch.channels_last), m, grade[rows], known[rows]
        seen.append(learn(net, mean, opt, batch, a, step))
        step += 1
        if step == 3:  # the first steps choose their kernels: the clock runs from here
            print(f"begun after {time.time() - began:.1f} s", file=log, flush=True)
            began = time.time()
        if step in (1, 5, 20) or time.time() - told > 12:
            told = time.time()
            print(f"{told - began:.1f} s step {step} side {side} loss {torch.stack(seen).mean().item():.3f} scale {net.log_scale.exp().item():.2f}", file=log, flush=True)
            seen = []
    print(f"{step} steps of {a.batch} in {time.time() - began:.0f} s", file=log, flush=True)
    return step


def options():
    ap = argparse.ArgumentParser()
    ap.add_argument("cache"), ap.add_argument("--out", required=True), ap.add_argument("--begin", required=True)
    ap.add_argument("--leave-out", nargs="*", default=[]), ap.add_argument("--fold", type=int, choices=(0, 1))
    ap.add_argument("--device", default="cuda"), ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--steps", type=int, default=1000), ap.add_argument("--seconds", type=float, default=0), ap.add_argument("--batch", type=int, default=48)
    ap.add_argument("--memory", type=float, default=0, help="the part of the GPU's memory that may be taken, where several run at once")
    ap.add_argument("--side", type=int, default=448), ap.add_argument("--small", type=int, default=352), ap.add_argument("--small-share", type=float, default=0.35)
    ap.add_argument("--late", type=float, default=0.25, help="the part of the run in which evidence is drawn into lesions")
    ap.add_argument("--rate", type=float, default=2.5e-3), ap.add_argument("--decay", type=float, default=0.05), ap.add_argument("--keep", type=float, default=0.995)
    ap.add_argument("--most", type=float, default=6, help="how often a picture is drawn at most, in its clinic's average")
    ap.add_argument("--grades", type=float, nargs=5, default=GRADE_SHARE, help="how the grades share what is drawn of a clinic")
    ap.add_argument("--strength", type=float, default=1.0, help="how much the random views vary")
    ap.add_argument("--drop", type=float, default=0.1, help="how often a picture goes past the deepest block")
    loss_options(ap, soft=0.45, shared=12)
    return ap.parse_args()


if __name__ == "__main__":
    if sys.argv[1] == "imagenet":
        torch.manual_seed(0)
        sys.exit(torch.save(dict(net=pretrained().state_dict()), sys.argv[2]))
    a = options()
    device, out = torch.device(a.device), Path(a.out)
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(a.seed)
    torch.backends.cudnn.benchmark, torch.backends.cudnn.benchmark_limit = True, 4
    if a.memory and device.type == "cuda":
        torch.cuda.set_per_process_memory_fraction(a.memory)
    log, meta = open(out / "log.txt", "a"), dict(np.load(Path(a.cache) / "meta.npz"))
    squares = torch.from_numpy(np.load(Path(a.cache) / "images.npy")).to(device)
    masks = torch.from_numpy(meta.pop("masks")).to(device)
    index, held = split(meta, a)
    options_given = dict(vars(a))
    print(json.dumps(options_given), {c: int((meta["clinic"][index] == c).sum()) for c in CLINICS}, "held", len(held), file=log, flush=True)
    nets = [Followed().to(memory_format=torch.channels_last) for _ in range(2)]
    for net in nets:
        net.load_state_dict(torch.load(a.begin, weights_only=False, map_location="cpu")["net"])
        net.to(device)
    nets[0].drop = a.drop

    def save(net, word):
        kept = dict(net={k: v.cpu() for k, v in net.state_dict().items()}, held=held, args=options_given, word=word)
        torch.save(kept, out / "writing.pt")
        os.replace(out / "writing.pt", out / ("fit.pt" if word != "part 3" else "part3.pt"))

    options_given["stepped"] = train(*nets, squares, masks, meta, index, a, log, save)
    save(nets[1], "done")
    torch.backends.cudnn.benchmark, graded = False, meta["grade"] >= 0
    check = [(f"held {c}", held[meta["clinic"][held] == c]) for c in CLINICS]
    check += [(f"unseen {c}", np.where((meta["clinic"] == c) & graded)[0]) for c in a.leave_out]
    for name, rows in check:
        if len(rows):
            p = softmax(scores(nets[1], squares, rows))
            print(f"{name}: {show(figures(p, meta['grade'][rows]))} decided {np.bincount(p.argmax(1), minlength=5)}", file=log, flush=True)
