"""Compares what pydicom reads with what the tests wrote beside each file (see tests/dicom/peers.rs).

    python3 tests/reference/dicom_pydicom.py FOLDER     compares NAME.dcm with NAME.f64
    python3 tests/reference/dicom_pydicom.py --slope    writes slope_12.j2k, the formula of tests/dicom/main.rs
"""

import sys
from pathlib import Path

import numpy as np


def compare(folder: Path) -> None:
    import pydicom
    from pydicom.pixels import apply_modality_lut, apply_voi_lut

    files = sorted(folder.glob("*.dcm"))
    for file in files:
        ds = pydicom.dcmread(file)
        values = apply_modality_lut(ds.pixel_array, ds).astype(np.float64)
        ours = np.fromfile(file.with_suffix(".f64"), "<f8").reshape(2, *values.shape)
        wrong = np.count_nonzero(ours[0] != values)
        assert wrong == 0, f"{file.name}: {wrong} values differ"
        if "WindowCenter" not in ds and "VOILUTSequence" not in ds:
            print(f"{file.name}: values equal; it has no window to compare")
            continue
        lit = apply_voi_lut(values.astype(np.int64) if "VOILUTSequence" in ds else values, ds).astype(np.float64)
        if "VOILUTSequence" in ds:
            low, high = 0.0, 2.0 ** ds.VOILUTSequence[0].LUTDescriptor[2] - 1
        else:
            low, high = output_range(ds)
        light = (lit - low) / (high - low)
        if ds.PhotometricInterpretation == "MONOCHROME1":
            light = 1 - light
        off = np.abs(np.clip(light, 0, 1) * 255 - ours[1]).max()
        assert off <= 0.501, f"{file.name}: shown values differ by {off}"
        print(f"{file.name}: values equal, shown within {off:.3f} of 255")
    print(f"{len(files)} files agree")


def output_range(ds) -> tuple[float, float]:
    """The range that pydicom's windows reach from end to end: that of the stored values, rescaled."""
    bits = ds.BitsStored
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if ds.PixelRepresentation else (0, 2**bits - 1)
    slope, intercept = float(ds.get("RescaleSlope", 1)), float(ds.get("RescaleIntercept", 0))
    return low * slope + intercept, high * slope + intercept


def slope() -> None:
    from PIL import Image

    y, x = np.mgrid[0:10, 0:24].astype(np.float64)
    lit = 0.5 + 0.3 * np.sin(0.4 * x + 0.9 * y) + 0.2 * (x / 23 - y / 9)
    # A decoder gives 16 bits back as they are; that only twelve are used stands in the DICOM file.
    picture = Image.fromarray(np.round(lit * 4095).astype(np.uint16))
    picture.save(Path(__file__).with_name("slope_12.j2k"), irreversible=False, no_jp2=True)


if __name__ == "__main__":
    slope() if sys.argv[1] == "--slope" else compare(Path(sys.argv[1]))
