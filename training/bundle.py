"""Turns what `retina_dr.py` saved into the bundle's weights and writes their checksum into its card.

    python3 training/bundle.py FIT.pt models/retina-dr [TEMPERATURE]

The lesion head is dropped. Batch normalisation stays apart; `fovea` folds it when it loads the model. The five class
kernels are written out at their common length, with a bias of 0.
"""
import hashlib, re, sys
from pathlib import Path

import torch
from safetensors.torch import save_file

from retina_net import GRADES, load

net, folder = load(sys.argv[1])[0], Path(sys.argv[2])
# Scores divided by the temperature are the same maps on another scale: it goes into the kernels.
temperature = float(sys.argv[3]) if len(sys.argv) > 3 else 1.0
tensors = {k: v for k, v in net.state_dict().items() if k.startswith(("stem.", "blocks.", "head.")) and not k.endswith("num_batches_tracked")}
tensors["classes.weight"], tensors["classes.bias"] = net.kernels() / temperature, torch.zeros(GRADES)
save_file({k: v.detach().float().contiguous() for k, v in tensors.items()}, folder / "weights.safetensors")
digest = hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest()
card = folder / "model.toml"
card.write_text(re.sub(r'^sha256 = ".*"$', f'sha256 = "{digest}"', card.read_text(), flags=re.M))
print(digest)
