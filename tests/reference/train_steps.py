"""Prints what two training steps of a small conv-stack with a lesion head give in PyTorch, under the loss of
`training/retina_dr.py`. The figures stand in `src/train/parity.rs`, which makes the same weights by the same formula.

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
from retina_dr import losses

conv, norm = nn.Conv2d(3, 6, 3, 1, 1, bias=False), nn.BatchNorm2d(6)
grade, lesion = nn.Conv2d(6, 5, 1), nn.Conv2d(6, 3, 1)
with torch.no_grad():
    conv.weight.copy_(formula(conv.weight.shape, 1) * 0.5)
    norm.weight.copy_(1 + 0.5 * formula((6,), 2)), norm.bias.copy_(formula((6,), 3))
    grade.weight.copy_(formula(grade.weight.shape, 4) * 4), grade.bias.copy_(formula((5,), 5))
    lesion.weight.copy_(formula(lesion.weight.shape, 6)), lesion.bias.copy_(formula((3,), 7))
x = formula((4, 3, 8, 8), 8)
y = torch.tensor([0, 2, 3, 4])
m = (formula((4, 3, 8, 8), 9) > 0.5).float()
weight = torch.tensor([2, 0, 1, 4, 1]).float() ** -0.5
weight[1] = 0
weight = weight / ((weight * torch.tensor([2, 0, 1, 4, 1])).sum() / 8)
a = SimpleNamespace(soft=0.6, ordinal=0.3, focus=0.5, peak=0.1)
parameters = [*conv.parameters(), *norm.parameters(), *grade.parameters(), *lesion.parameters()]
opt = torch.optim.AdamW(parameters, lr=0.01, weight_decay=0.03)
for step in range(2):
    f = F.relu(norm(conv(x)))
    maps = F.relu(F.conv2d(F.max_pool2d(f, 2), grade.weight))
    loss = losses(maps, maps.mean((2, 3)) + grade.bias, lesion(f), y, m, weight, a)
    opt.zero_grad(), loss.backward()
    size = nn.utils.clip_grad_norm_(parameters, 5.0)
    opt.step()
    print(f"step {step + 1}: loss {loss.item():.6f}, norm of the gradient {float(size):.4f}")
tensors = dict(conv=conv.weight, factor=norm.weight, shift=norm.bias, mean=norm.running_mean, var=norm.running_var,
               grade=grade.weight, bias=grade.bias, lesion=lesion.weight, lesion_bias=lesion.bias)
for name, t in tensors.items():
    t = t.detach().flatten()
    print(name, " ".join(f"{float(v):.5f}" for v in t[:4]), f"sum of squares {float((t * t).sum()):.5f}")
