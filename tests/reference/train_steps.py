"""Prints what two training steps of a small conv-stack with a lesion head give in PyTorch, under the loss of
`training/retina_loss.py`: class kernels of one length, weight decay on kernels alone, lesions known in part. The figures
stand in `src/train/parity.rs`, which makes the same weights by the same formula.

    pip install torch numpy && python3 tests/reference/train_steps.py
"""
import sys
from pathlib import Path
from types import SimpleNamespace

import torch
import torch.nn as nn
import torch.nn.functional as F

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "training")]
from conv_stack import formula
from retina_loss import losses

BATCH, KINDS, SIDE = 4, 5, 8
conv, norm = nn.Conv2d(3, 6, 3, 1, 1, bias=False), nn.BatchNorm2d(6)
direction, log_scale = nn.Parameter(formula((5, 6), 4) * 4), nn.Parameter(torch.tensor(2.0).log())
lesion = nn.Conv2d(6, KINDS * 4, 1)
with torch.no_grad():
    conv.weight.copy_(formula(conv.weight.shape, 1) * 0.5)
    norm.weight.copy_(1 + 0.5 * formula((6,), 2)), norm.bias.copy_(formula((6,), 3))
    lesion.weight.copy_(formula(lesion.weight.shape, 6)), lesion.bias.copy_(formula((KINDS * 4,), 7))
x = formula((BATCH, 3, SIDE, SIDE), 8)
y = torch.tensor([0, 2, 3, 4])
m = (formula((BATCH, KINDS, 2 * SIDE, 2 * SIDE), 9) > 0.5).float()
known = torch.tensor([[1, 1, 1, 1, 1], [0, 1, 1, 0, 1], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1]]).bool()
a = SimpleNamespace(soft=0.42, binary=0.5, distance=0.3, spots=2.0, focus=0.5, peak=0.1)
heavy, plain = [conv.weight, lesion.weight], [norm.weight, norm.bias, lesion.bias, direction, log_scale]
opt = torch.optim.AdamW([dict(params=heavy, weight_decay=0.03), dict(params=plain, weight_decay=0.0)], lr=0.01)
for step in range(2):
    f = F.relu(norm(conv(x)))
    kernels = (log_scale.exp() * F.normalize(direction, dim=1))[:, :, None, None]
    maps = F.relu(F.conv2d(F.max_pool2d(f, 2), kernels))
    loss = losses(maps, maps.mean((2, 3)), F.pixel_shuffle(lesion(f), 2), y, m, known, a)
    opt.zero_grad(), loss.backward()
    size = nn.utils.clip_grad_norm_(heavy + plain, 5.0)
    opt.step()
    print(f"step {step + 1}: loss {loss.item():.6f}, norm of the gradient {float(size):.4f}")
tensors = {"layers.0.weight": conv.weight, "layers.0.norm.weight": norm.weight, "layers.0.norm.bias": norm.bias,
           "layers.0.norm.running_mean": norm.running_mean, "layers.0.norm.running_var": norm.running_var,
           "layers.2.weight": direction, "layers.2.log_scale": log_scale,
           "lesion.weight": lesion.weight, "lesion.bias": lesion.bias}
for name, t in tensors.items():
    t = t.detach().flatten()
    first = ", ".join(f"{float(v):.5f}" for v in t[:4])
    print(f'("{name}", &[{first}], {float((t * t).sum()):.5f}),')
