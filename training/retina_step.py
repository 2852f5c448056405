"""One step of learning, as `retina_dr.py` takes it on the CPU and `retina_gpu.py` on a GPU.

Which pictures are shown, at what size and for how long is theirs to say.
"""
import numpy as np
import torch
import torch.nn as nn

from retina_loss import losses


def loss_options(ap, soft, shared):
    """What the loss weighs. `shared`: of so many pictures of a batch the way back is followed too."""
    ap.add_argument("--share", type=float, default=0.5), ap.add_argument("--shared", type=int, default=shared)
    ap.add_argument("--soft", type=float, default=soft)
    ap.add_argument("--binary", type=float, default=0.5), ap.add_argument("--distance", type=float, default=0.3)
    ap.add_argument("--spots", type=float, default=2.0)
    ap.add_argument("--focus", type=float, default=0.5), ap.add_argument("--peak", type=float, default=0.1)


def optimiser(net, rate, decay, part):
    """AdamW of which kernels alone decay; `part` says which part of the rate a tensor learns at, by its name."""
    groups = {}
    for name, p in net.named_parameters():
        groups.setdefault((decay if p.ndim >= 2 and name != "direction" else 0.0, part(name)), []).append(p)
    return torch.optim.AdamW([dict(params=p, weight_decay=d, part=part) for (d, part), p in groups.items()], lr=rate)


def set_rate(opt, peak, done, warm_up):
    """Learning rate after a share of the run: up, then down as a cosine, nothing at the end."""
    rate = peak * (done / warm_up if done < warm_up else 0.5 * (1 + np.cos(np.pi * (done - warm_up) / (1 - warm_up))))
    for part in opt.param_groups:
        part["lr"] = part["part"] * rate
    return rate


def learn(net, mean, opt, batch, a, taken):
    """One step after `taken` others; the mean of the weights follows. Gives the loss, on the device."""
    x, m, y, known = batch
    with torch.autocast(x.device.type, dtype=torch.bfloat16):
        maps, score, lesion = net(x)
        share = net.shares(a.shared) if a.share else None
    loss = losses(maps, score, lesion, y, m, known, a, share)
    opt.zero_grad(), loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 5.0)
    opt.step()
    keep = min(a.keep, (1 + taken) / (10 + taken))
    floats = lambda net: [t for t in net.state_dict().values() if t.is_floating_point()]
    with torch.no_grad():
        torch._foreach_lerp_(floats(mean), floats(net), 1 - keep)
    return loss.detach()
