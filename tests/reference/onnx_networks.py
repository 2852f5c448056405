"""Writes `onnx/`: networks as ONNX files without their weights, and what ONNX Runtime says of them.

    pip install torch torchvision numpy onnx onnxruntime onnxscript && python3 tests/reference/onnx_networks.py [CASE...]

The networks are those of `graph.py` with their formula-made weights, exported with normalisations of their own, so that class
maps and responses can be compared with `graph.npz`; some once more as PyTorch exports them by default (`_folded`), with
other weights. Weights lie in a file `weights.bin` that a test makes anew: `NAME.tensors` lists its tensors in order, each
with the seed and kind of its formula and its shape.
"""
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper
from onnxscript import ir, optimizer

from densenet import filled, noise
from graph import CASES

HERE = Path(__file__).parent
OUT = HERE / "onnx"
FOLDED = ("resnet18", "efficientnet_b0", "mobilenet_v3_small", "convnext_tiny", "inception_v3")
SMALL = 16  # values that stay in the file


def formula(shape, seed, kind):
    value = noise(shape, seed).numpy()
    if kind == "kernel":
        return value * np.float32(np.sqrt(6 / np.prod(shape[1:])))
    return {"variance": 1 + 0.5 * value, "shift": 0.2 * value, "scale": 0.6 + 0.8 * value}[kind].astype(np.float32)


def kind_of(name, shape):
    if len(shape) >= 2:
        return "kernel"
    if name.endswith("running_var"):
        return "variance"
    return "shift" if name.endswith(("bias", "running_mean")) or "fold" in name else "scale"


def exported(model, size, folds):
    """With normalisations folded into convolutions, as it is done by default, or without."""
    program = torch.onnx.export(model, (torch.zeros(1, 3, *size),), dynamo=True, optimize=folds, verbose=False)
    if not folds:
        optimizer.fold_constants(program.model)
        optimizer.remove_unused_nodes(program.model)
    proto = ir.serde.serialize_model(program.model)
    for thing in (proto, proto.graph, *proto.graph.node, *proto.graph.input, *proto.graph.output, *proto.graph.initializer):
        del thing.metadata_props[:]
        thing.doc_string = ""
    del proto.graph.value_info[:]
    without_zero_biases(proto.graph)
    return proto


def without_zero_biases(graph):
    """The exporter gives a convolution without bias one of zeros."""
    zeros = {t.name for t in graph.initializer if t.data_type == 1 and not numpy_helper.to_array(t).any()}
    for node in graph.node:
        if node.op_type == "Conv" and len(node.input) == 3 and node.input[2] in zeros:
            del node.input[2]
    read = {name for node in graph.node for name in node.input}
    kept = [t for t in graph.initializer if t.name in read]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def origins(proto, state):
    """Of every large initializer: seed, kind, shape of the formula, and whether it is transposed."""
    seeds = {name: seed for seed, name in enumerate(sorted(state))}
    for tensor in proto.graph.initializer:
        value = numpy_helper.to_array(tensor)
        if value.dtype != np.float32 or value.size < SMALL or np.ptp(value) == 0:
            continue
        found = [n for n, v in state.items() if v.numel() == value.size and np.array_equal(v.numpy().ravel(), value.ravel())]
        turned = [] if found else [n for n, v in state.items() if v.dim() == 2 and v.numel() == value.size and np.array_equal(v.numpy().T, value)]
        assert len(found + turned) == 1, (tensor.name, value.shape, found, turned)
        (name,) = found + turned
        shape = tuple(state[name].shape)
        yield tensor, seeds[name], kind_of(name, shape), shape, bool(turned)


def anew(proto):
    """Initializers of a network whose weights are no longer the model's: by the place of their names in the alphabet."""
    large = [t for t in proto.graph.initializer if t.data_type == 1 and np.prod(t.dims) >= SMALL]
    readers = {n.input[1]: n.op_type for n in proto.graph.node if len(n.input) > 1}
    for seed, tensor in enumerate(sorted(large, key=lambda t: t.name)):
        shape = tuple(tensor.dims)
        kind = kind_of(tensor.name, shape) if readers.get(tensor.name) != "MatMul" else "kernel"
        if len(shape) == 1 and not tensor.name.endswith("weight"):
            kind = "shift"
        yield tensor, seed, kind, shape, False


def write(name, proto, tensors, size, seed):
    lines, blob, offset = [], [], 0
    for tensor, number, kind, shape, turned in tensors:
        value = formula(shape, number, kind)
        value = np.ascontiguousarray(value.T if turned else value)
        lines.append(f"{number} {kind}{' transposed' if turned else ''} {' '.join(map(str, shape))}")
        blob.append(value)
        del tensor.float_data[:]
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        del tensor.external_data[:]
        for key, text in (("location", "weights.bin"), ("offset", str(offset)), ("length", str(value.nbytes))):
            tensor.external_data.add(key=key, value=text)
        offset += value.nbytes
    (OUT / f"{name}.onnx").write_bytes(proto.SerializeToString())
    (OUT / f"{name}.tensors").write_text("\n".join(lines) + "\n")
    weights = OUT / "weights.bin"
    weights.write_bytes(b"".join(v.tobytes() for v in blob))
    try:
        session = onnxruntime.InferenceSession(str(OUT / f"{name}.onnx"), providers=["CPUExecutionProvider"])
        (scores,) = session.run(None, {session.get_inputs()[0].name: noise((1, 3, *size), seed).numpy()})
    finally:
        weights.unlink()
    kinds = sorted({node.op_type for node in proto.graph.node})
    print(name, (OUT / f"{name}.onnx").stat().st_size, scores[0], kinds, flush=True)
    return {f"{name}_scores": scores[0], f"{name}_input": np.array([*size, seed], np.float32)}


def case(mark):
    (build, *_), size = CASES[mark]
    seed = int(np.load(HERE / "graph.npz")[f"{mark}_seed"][0])
    model = filled(build())
    state = {k: v for k, v in model.state_dict().items() if not k.endswith("num_batches_tracked")}
    proto = exported(model, size, False)
    out = write(mark, proto, list(origins(proto, state)), size, seed)
    if mark in FOLDED:
        proto = exported(model, size, True)
        out.update(write(f"{mark}_folded", proto, list(anew(proto)), size, seed))
    return out


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    path = HERE / "onnx_networks.npz"
    out = dict(np.load(path)) if path.exists() and sys.argv[1:] else {}
    for mark in sys.argv[1:] or [c for c in CASES if c not in ("efficientnet", "efficientnet_lite2")]:
        out.update(case(mark))
        np.savez(path, **out)
