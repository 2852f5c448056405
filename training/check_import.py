"""Compares the trained network in PyTorch with the bundle in `fovea`, from photograph to probabilities.

    python3 training/check_import.py FIT.pt FOVEA_PROGRAM MODELS_DIR DATA [NAME ...]
"""
import json, subprocess, sys, tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from retina_data import SIDE_PX, local_contrast, retina_square
from retina_dr import ARCH, Sequencer

fit, program, models, data, *names = sys.argv[1:]
saved = torch.load(fit, weights_only=False)
net = Sequencer(**ARCH[saved["args"]["arch"]]).eval()
net.load_state_dict(saved["net"])
files = [Path(data) / "1. Original Images" / "a. Training Set" / f"{name}.jpg" for name in names]
with tempfile.TemporaryDirectory() as out:
    subprocess.run([program, "explain", "--models", models, "--device", "cpu", "--no-layers", "--rule", "linear", "--out", out, *files], check=True, stdout=subprocess.DEVNULL)
    worst = 0.0
    for file in files:
        picture = Image.open(file).convert("RGB")
        left, top, side = retina_square(picture)
        square = picture.crop((left, top, left + side, top + side)).resize((SIDE_PX, SIDE_PX), Image.BILINEAR)
        x = local_contrast(torch.from_numpy(np.asarray(square).copy()).permute(2, 0, 1)[None].float() / 255)
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
