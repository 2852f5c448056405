"""Prints what `training/retina_followed.py` gives of the last block of `retina-dr` as it ships: each grade's part of the
guided response on a made-up picture, and the slope of the share term. The figures stand in `src/train/shares.rs`.

    pip install torch numpy safetensors && python3 tests/reference/shares.py
"""
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "training")]
from conv_stack import formula
from retina_followed import Followed

tensors = load_file(Path(__file__).parents[2] / "models/retina-dr/weights.safetensors")
kernels = tensors.pop("classes.weight").flatten(1)
net = Followed()
net.FOLLOWED = 10
print(net.load_state_dict(tensors, strict=False).missing_keys)
net.direction.data, net.log_scale.data = F.normalize(kernels, dim=1), kernels.norm(dim=1).mean().log()
net.eval()(0.2 + 1.5 * formula((1, 3, 64, 64), 3))
shares = net.shares(1)
print("shares", ", ".join(f"{v:.5f}" for v in shares[0].tolist()))
bell = torch.exp(-((torch.arange(5.0) - 2) ** 2) / (2 * 0.42**2)) + 0.01
loss = -(bell / bell.sum() * (shares + 1e-3).log()).sum()
loss.backward()
print(f"loss {loss.item():.6f}")
for name in ("blocks.9.project.conv", "blocks.10.expand.conv", "blocks.10.depth.conv", "blocks.10.project.conv", "head.conv"):
    slope = dict(net.named_parameters())[f"{name}.weight"].grad
    print(f'("{name}", {slope.norm():.6f}, {slope.flatten()[7]:.7f}),')
