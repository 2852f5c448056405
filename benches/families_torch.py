"""The forward passes of `families.rs` in torchvision, asked for line by line; see `densenet_torch.py`."""
import sys
import time

sys.path.pop(0)  # torchvision would take the `pytorch.py` beside this file for a package of its own

import torch
from torchvision import models

torch.manual_seed(0)
torch.set_num_threads(int(sys.argv[1]))
BUILD = {
    "efficientnet-b0": models.efficientnet_b0, "resnet18": models.resnet18, "resnet50": models.resnet50,
    "convnext-tiny": models.convnext_tiny, "mobilenet-v2": models.mobilenet_v2,
    "mobilenet-v3-large": models.mobilenet_v3_large, "regnet-y-400mf": models.regnet_y_400mf,
    "inception-v3": lambda: models.inception_v3(init_weights=False),
}
x = torch.rand(1, 3, 224, 224)
built = {}
print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads", flush=True)
for line in sys.stdin:
    name = line.strip()
    model = built.setdefault(name, None) or BUILD[name]().eval()
    built = {name: model}
    with torch.inference_mode():
        start = time.perf_counter()
        model(x)
    print((time.perf_counter() - start) * 1e3, flush=True)
