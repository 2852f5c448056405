"""Turns the five class kernels of a trained network a little, so that the grades it decides on are spread as they are.

    python3 training/retina_refit.py CACHE FIT.pt OUT.pt

A long training with strong views leaves grades 2, 3 and 4 nearly one direction, and 2 wins: it is the middle. On a few
hundred pictures of the training part, each grade of each clinic in a fixed share and only the light varied, the
directions and their common length are learned once more. All below the kernels stays (last layer only: Kirichenko et
al. 2023); nothing here asks that the decided grade lead its map. On the CPU.
"""
import sys

import numpy as np
import torch
import torch.nn.functional as F

from retina_data import cached, local_contrast
from retina_dr import held_out
from retina_net import GRADES, load

# So many pictures of each grade are read, where there are so many.
READ = dict(idrid=(50, 19, 55, 70, 50), eyepacs=(80, 25, 50, 20, 22), aptos=(70, 45, 70, 70, 70))
CLINIC_SHARE = dict(idrid=0.33, eyepacs=0.33, aptos=0.34)
GRADE_SHARE = (0.5, 0.1, 0.2, 0.1, 0.1)
STEPS, BATCH, RATE, SOFT = 240, 48, 0.03, 0.42


def chosen(meta, rng):
    """Rows of the training part, by clinic and grade."""
    held = held_out(meta)
    found = []
    for c, most in READ.items():
        for grade, n in enumerate(most):
            rows = np.where((meta["clinic"] == c) & (meta["grade"] == grade) & ~held)[0]
            found.append(np.sort(rng.choice(rows, min(n, len(rows)), replace=False)))
    return np.concatenate(found)


@torch.no_grad()
def features(net, pictures, rng):
    """What the class kernels read (N×features×32×32) of squares in up to 0.7 stops more or less light."""
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
    x = (x * torch.from_numpy(2.0 ** rng.uniform(-0.7, 0.7, (len(x), 1, 1, 1))).float()).clamp(max=1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        f = net.low(local_contrast(x).contiguous(memory_format=torch.channels_last))
        for block in net.blocks[net.CUT :]:
            f = block(f)
        return net.head(f).half()


def scores(h, direction, log_scale):
    kernels = log_scale.exp() * F.normalize(direction, dim=1)
    return F.relu(torch.einsum("gf,nfp->ngp", kernels, h.flatten(2).float())).mean(2)


def refit(net, h, grade, clinic):
    """New directions and length, and how far each direction turned (as a cosine)."""
    weight = np.zeros(len(grade))
    for c, share in CLINIC_SHARE.items():
        for g in range(GRADES):
            i = (clinic == c) & (grade == g)
            weight[i] = share * GRADE_SHARE[g] / max(i.sum(), 1)
    weight /= weight.sum()
    begun, y = net.direction.detach().clone(), torch.from_numpy(grade)
    direction, log_scale = begun.clone().requires_grad_(), net.log_scale.detach().clone().requires_grad_()
    step = RATE * begun.norm(dim=1).mean().item() / begun.shape[1] ** 0.5
    opt = torch.optim.AdamW([dict(params=[direction], rate=step), dict(params=[log_scale], rate=0.01)], weight_decay=0)
    rng, k = np.random.default_rng(0), torch.arange(5.0)
    for n in range(STEPS):
        for part in opt.param_groups:
            part["lr"] = part["rate"] * 0.5 * (1 + np.cos(np.pi * n / STEPS))
        i = torch.from_numpy(rng.choice(len(y), BATCH, p=weight))
        score, off = scores(h[i], direction, log_scale), k - y[i][:, None]
        target, logp = torch.exp(-(off**2) / (2 * SOFT**2)) + 0.01, score.log_softmax(1)
        loss = (0.3 * logp.exp() * off**2 - target / target.sum(1, keepdim=True) * logp).sum(1).mean()
        for at, part in ((1, 0.5), (2, 0.5), (3, 0.25), (4, 0.25)):
            odds = torch.logsumexp(score[:, at:], 1) - torch.logsumexp(score[:, :at], 1)
            loss = loss + part * F.binary_cross_entropy_with_logits(odds, (y[i] >= at).float())
        opt.zero_grad(), loss.backward()
        opt.step()
    return direction.detach(), log_scale.detach(), F.cosine_similarity(direction, begun, dim=1).tolist()


if __name__ == "__main__":
    cache, fit, out = sys.argv[1:]
    squares, small, meta = cached(cache)
    net, saved = load(fit)
    rng, eye = np.random.default_rng(0), np.where(meta["clinic"] == "eyepacs")[0][0]
    rows = chosen(meta, rng)
    read = lambda i: small[i - eye] if meta["clinic"][i] == "eyepacs" else squares[i]
    h = torch.cat([features(net, np.stack([read(j) for j in i]), rng) for i in np.array_split(rows, len(rows) // 8)])
    saved["net"]["direction"], saved["net"]["log_scale"], turned = refit(net, h, meta["grade"][rows], meta["clinic"][rows])
    print(f"{len(rows)} pictures; directions turned to cosines of {turned}; length {saved['net']['log_scale'].exp():.2f}")
    torch.save(saved, out)
