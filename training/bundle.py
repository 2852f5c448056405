"""Turns what `retina_dr.py` saved into the bundle's weights and writes their checksum into its card.

    python3 training/bundle.py FIT.pt models/retina-dr [TEMPERATURE]

The lesion head is dropped. Batch normalisation stays apart; `fovea` folds it when it loads the model. The five class
kernels are written out at their common length, with a bias of 0.
"""
import hashlib, re, sys
from pathlib import Path

import torch
import torch.nn as nn
from safetensors.torch import save_file

from retina_net import GRADES, load

net, folder = load(sys.argv[1])[0], Path(sys.argv[2])
# Scores divided by the temperature are the same maps on another scale: it goes into the kernels.
temperature = float(sys.argv[3]) if len(sys.argv) > 3 else 1.0
tensors, index = {}, -1
for layer in [*net.low, *net.high]:
    if isinstance(layer, (nn.Conv2d, nn.MaxPool2d)):
        index += 1
    if isinstance(layer, nn.Conv2d):
        tensors[f"layers.{index}.weight"] = layer.weight
    elif isinstance(layer, nn.BatchNorm2d):
        for part in ("weight", "bias", "running_mean", "running_var"):
            tensors[f"layers.{index}.norm.{part}"] = getattr(layer, part)
tensors[f"layers.{index + 1}.weight"], tensors[f"layers.{index + 1}.bias"] = net.kernels() / temperature, torch.zeros(GRADES)
save_file({k: v.detach().float().contiguous() for k, v in tensors.items()}, folder / "weights.safetensors")
digest = hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest()
card = folder / "model.toml"
card.write_text(re.sub(r'^sha256 = ".*"$', f'sha256 = "{digest}"', card.read_text(), flags=re.M))
print(digest)
