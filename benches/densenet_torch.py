"""The same work as `densenet.rs` in PyTorch, torchvision, Captum and pytorch-grad-cam, asked for line by line.

Reads names of work on standard input and answers each with its milliseconds, so that both sides can take turns; what
cannot be measured here is answered with `-`. The weights are random: they do not change the time.
"""
import sys
import time

sys.path.pop(0)  # torchvision would take the `pytorch.py` beside this file for a package of its own

import torch
from torch import nn
from torchvision.models import densenet121

CLASSES, TEN = 14, list(range(10))
torch.manual_seed(0)
torch.set_num_threads(int(sys.argv[1]))
model = densenet121(weights=None, num_classes=CLASSES).eval()
x = torch.rand(1, 3, 224, 224)


def not_in_place(module):
    """Captum's hooks need a ReLU that leaves its input alone."""
    for name, child in module.named_children():
        if isinstance(child, nn.ReLU):
            setattr(module, name, nn.ReLU(inplace=False))
        else:
            not_in_place(child)


@torch.inference_mode()
def forward():
    model(x)


@torch.inference_mode()
def cam():
    features = torch.relu(model.features(x))
    features.mean((2, 3)) @ model.classifier.weight.T
    torch.einsum("kf,bfhw->bkhw", model.classifier.weight, features)


try:
    from captum.attr import Deconvolution

    hooked = densenet121(weights=None, num_classes=CLASSES).eval()
    not_in_place(hooked)
    deconvolution = Deconvolution(hooked)

    def captum():
        deconvolution.attribute(x.repeat(10, 1, 1, 1).requires_grad_(), target=TEN)
except ImportError:
    captum = None

try:
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    tool = GradCAM(model=model, target_layers=[model.features])

    def grad_cam():
        for c in range(CLASSES):
            tool(input_tensor=x, targets=[ClassifierOutputTarget(c)])
except ImportError:
    grad_cam = None


def by_gradients():
    """Grad-CAM by hand: one forward and one backward pass for each of 14 maps."""
    for c in range(CLASSES):
        features = model.features(x)
        scores = model.classifier(torch.relu(features).mean((2, 3)))
        gradient = torch.autograd.grad(scores[0, c], list(model.parameters())[:1] + [features])[1]
        torch.relu((gradient.mean((2, 3), keepdim=True) * features).sum(1)).detach()


work = dict(forward=forward, cam=cam, captum=captum, grad_cam=grad_cam, by_gradients=by_gradients)
print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads", flush=True)
for line in sys.stdin:
    job = work[line.strip()]
    start = time.perf_counter()
    if job:
        job()
    print((time.perf_counter() - start) * 1e3 if job else "-", flush=True)
