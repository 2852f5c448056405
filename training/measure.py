"""Where the response of a trained sequencer lies, and whether the decided grade's own evidence carries it.

    python3 training/measure.py CACHE FIT.pt [--all-masked]     # held-out pictures of every clinic; all masked ones too

Lesions: pictures of true grade 2 and above with known lesions. `ratio` is the share of the response (inside the retina)
that lies in lesions over the share of the retina that they cover; `strongest` says how often the strongest pixel lies in
one, `blurred` the same after a Gaussian of 4 px. Lesions are known in cells of 4 px.
"""
import argparse

import numpy as np
import torch
import torch.nn.functional as F

from retina_data import KINDS, cached, local_contrast
from retina_net import GRADES, RULES, load


def responses(net, x, rule, grades):
    """Signed sum over the input channels of the back-projected class maps of one picture, for each asked grade; and the maps."""
    x = x.clone().requires_grad_()
    maps = net.high(net.low(x, rule), rule)
    positive, out = F.relu(maps.detach()), []
    for g in grades:
        start = torch.zeros_like(maps)
        start[:, g] = positive[:, g]
        (back,) = torch.autograd.grad(maps, x, start, retain_graph=True)
        out.append(back.sum(1)[0].numpy())
    return out, positive[0]


def blur(m, sigma=4.0):
    k = torch.exp(-torch.arange(-12, 13).float() ** 2 / (2 * sigma**2))
    k = k / k.sum()
    m = torch.from_numpy(m)[None, None]
    return F.conv2d(F.conv2d(m, k.view(1, 1, -1, 1), padding=(12, 0)), k.view(1, 1, 1, -1), padding=(0, 12))[0, 0].numpy()


def place(m, inside, retina):
    """Ratio, share, and whether the strongest raw and blurred pixel lies in a lesion."""
    soft = blur(m)
    share = (m * (inside & retina)).sum() / max((m * retina).sum(), 1e-9)
    cover = (inside & retina).sum() / retina.sum()
    return share / cover, share, inside.flat[m.argmax()], inside.flat[soft.argmax()]


def table(title, found):
    print(title)
    for key, v in found.items():
        v = np.array(v, dtype=float)
        print(f"  {' '.join(key):>24}  n {len(v)}  ratio median {np.median(v[:, 0]):.2f} mean {v[:, 0].mean():.2f}  "
              f"share {v[:, 1].mean():.3f}  strongest {v[:, 2].mean():.3f} blurred {v[:, 3].mean():.3f}", flush=True)


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("cache"), ap.add_argument("fit"), ap.add_argument("--all-masked", action="store_true")
    a = ap.parse_args()
    squares, _, meta = cached(a.cache)
    net, saved = load(a.fit)
    net = net.float()
    picture = lambda i: torch.from_numpy(np.asarray(squares[i]).copy()).permute(2, 0, 1)[None].float() / 255
    large = lambda m: m.astype(bool).repeat(4, 0).repeat(4, 1)
    shares, kinds = {}, {}
    for clinic in np.unique(meta["clinic"][saved["held"]]):
        found, rows = {}, saved["held"][meta["clinic"][saved["held"]] == clinic][:120]
        for i in rows:
            x = picture(i)
            back, maps = responses(net, local_contrast(x), "guided", range(GRADES))
            means, total = maps.mean((1, 2)).numpy(), np.array([np.abs(b).sum() for b in back])
            d = int(means.argmax())
            shares.setdefault(clinic, []).append((total.argmax() == d, total[d] / total.sum(), total[d] < 0.01 * total.sum(), means[d] / means.sum()))
            lesions = meta["masks"][i][:4].any(0)
            if meta["grade"][i] < 2 or not lesions.any():
                continue
            inside, retina = large(lesions), (x[0].amax(0) > 0.08).numpy()
            for rule in RULES:
                r = back[d] if rule == "guided" else responses(net, local_contrast(x), rule, [d])[0][0]
                for name, m in (("abs", np.abs(r)), ("positive", np.maximum(r, 0))):
                    found.setdefault((rule, name), []).append(place(m, inside, retina))
            cam = F.interpolate(maps[d][None, None], size=(512, 512), mode="bilinear")[0, 0].numpy()
            found.setdefault(("CAM", "positive"), []).append(place(cam, inside, retina))
        if found:
            table(f"{clinic}, response of the decided grade in lesions (boxes or masks), held out, grade 2 and above", found)
        s = np.array(shares[clinic], float)
        print(f"{clinic}: decided grade holds the largest share of the guided response in {s[:, 0].mean():.3f} of {len(s)}, "
              f"median share {np.median(s[:, 1]):.3f}, under 1 % in {s[:, 2].mean():.3f}; share of the class maps' means {np.median(s[:, 3]):.3f}", flush=True)
    masked = np.where(meta["known"].all(1))[0]
    held = np.isin(masked, saved["held"])
    for title, rows in (("pixel masks, held out", masked[held]),) + ((("pixel masks, seen in training", masked[~held]),) if a.all_masked else ()):
        found = {}
        for i in rows:
            x = picture(i)
            means = net(local_contrast(x))[1][0]
            r = np.abs(responses(net, local_contrast(x), "guided", [int(means.argmax())])[0][0])
            retina = (x[0].amax(0) > 0.08).numpy()
            for k, m in zip((*KINDS, "any lesion"), (*meta["masks"][i], meta["masks"][i][:4].any(0))):
                if m.any():
                    found.setdefault((k,), []).append(place(r, large(m), retina))
        table(title, found)
