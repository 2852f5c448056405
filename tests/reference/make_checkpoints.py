"""Writes checkpoints as PyTorch's users keep them, with the formula's weights, for the tests of `fovea import`.

    python3 tests/reference/make_checkpoints.py small tests/fixtures     # committed: a tiny DenseNet
    python3 tests/reference/make_checkpoints.py real DIR                 # DenseNet-121; then FOVEA_CHECKPOINTS=DIR

Each size comes in torchvision's present naming (zip), in that of the old CheXNet re-implementations (legacy layout, with
optimiser, epoch and counters around), as safetensors, and in legacy layout with tensors that lie in memory the other way
round, as those that were converted from TensorFlow do (EfficientNet-Lite's).
"""
import re
import sys
from pathlib import Path

import torch
from torchvision.models import DenseNet

from densenet import DENSENET121, TINY, filled


def old(name):
    """What CheXNet's re-implementations call a tensor that torchvision calls `name`."""
    name = re.sub(r"(denselayer\d+)\.(norm|conv)(\d)", r"\1.\2.\3", name)
    return "module.densenet121." + name.replace("classifier.", "classifier.0.")


def strided(value):
    """The same values with the last dimension's the farthest apart."""
    turn = tuple(reversed(range(value.dim())))
    return value.permute(turn).contiguous().permute(turn)


def write(model, folder, stem):
    state = model.state_dict()
    torch.save(state, folder / f"{stem}.pth")
    turned = {name: strided(value) for name, value in state.items()}
    torch.save(turned, folder / f"{stem}-strided.pth", _use_new_zipfile_serialization=False)
    counters = "num_batches_tracked"  # newer than these checkpoints
    wrapped = {old(name): value for name, value in state.items() if not name.endswith(counters)}
    around = {"epoch": 5, "best_loss": 0.137, "state_dict": wrapped, "arch": "densenet121"}
    moments = {"state": {0: {"exp_avg": torch.zeros(4)}}, "param_groups": [{"lr": 1e-4, "params": [0]}]}
    torch.save(around | {"optimizer": moments}, folder / f"{stem}.pth.tar", _use_new_zipfile_serialization=False)
    try:
        from safetensors.torch import save_file
        save_file({k: v for k, v in state.items()}, folder / f"{stem}.safetensors")
    except ImportError:
        print("no safetensors here: that one was left out")


if __name__ == "__main__":
    size, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    small = size == "small"
    write(filled(DenseNet(**(TINY if small else DENSENET121))), folder, "tiny" if small else "densenet121")
    print(*(f"{path.name}: {path.stat().st_size}" for path in sorted(folder.iterdir())), sep="\n")
