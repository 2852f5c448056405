"""Compares the trained network in PyTorch with the bundle in `fovea`, from photograph to probabilities.

    python3 training/check_import.py FIT.pt FOVEA_PROGRAM MODELS_DIR DATA [NAME ...]
"""
import json, subprocess, sys, tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from retina_data import local_contrast, square
from retina_net import load

fit, program, models, data, *names = sys.argv[1:]
net, _ = load(fit)
files = [Path(data) / "1. Original Images" / "a. Training Set" / f"{name}.jpg" for name in names]
with tempfile.TemporaryDirectory() as out:
    subprocess.run([program, "explain", "--models", models, "--device", "cpu", "--no-layers", "--rule", "linear", "--out", out, *files], check=True, stdout=subprocess.DEVNULL)
    worst = 0.0
    for file in files:
        picture = Image.open(file).convert("RGB")
        x = local_contrast(torch.from_numpy(np.asarray(square(picture)).copy()).permute(2, 0, 1)[None].float() / 255)
        with torch.no_grad():
            maps, score, _ = net(x)
        ours = json.loads((Path(out) / f"{file.stem}.json").read_text())
        p = [c["probability"] for c in ours["classes"]]
        cam = np.load(Path(out) / f"{file.stem}.npz")["cam"]
        difference = np.abs(np.array(p) - score[0].softmax(0).numpy()).max()
        relative = np.abs(cam - maps[0].numpy()).max() / maps[0].max().item()
        worst = max(worst, difference)
        print(f"{file.stem}: probabilities differ by {difference:.4f}, CAMs by {relative:.4f} of their maximum")
print(f"worst {worst:.4f}")
