"""Drawn pictures as DICOM files of all kinds that are read: for tests of what is derived from them.

    python3 dicom_sources.py FOLDER PHOTOGRAPH    writes NAME.dcm for each kind, and a PNG and a JPEG
"""

import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    CTImageStorage,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    OphthalmicPhotography8BitImageStorage,
    SecondaryCaptureImageStorage,
)

# Names that no real person has, in three alphabets; tests look for them where they must not be.
NAMES = {
    "op-left": "Zzyzxson^Quillon",
    "cr": "Äßøsen^Übertest",
    "dx": "Yamada^Tarou=山田^太郎=やまだ^たろう",
}
COUNT = 0


def uid() -> str:
    global COUNT
    COUNT += 1
    return f"1.2.826.0.1.3680043.10.999.1.{COUNT}"


def chest(width: int, height: int) -> np.ndarray:
    """Two dark fields in a bright body, 0 to 1."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    u, v = x / width - 0.5, y / height - 0.5
    body = np.clip(1.4 - 2.2 * (u**2 + 0.7 * v**2), 0, 1)
    lungs = sum(np.exp(-(((u - side) / 0.13) ** 2 + ((v + 0.02) / 0.27) ** 2)) for side in (-0.2, 0.2))
    shade = 0.3 * np.exp(-(((u - 0.22) / 0.07) ** 2 + ((v - 0.12) / 0.09) ** 2))
    ribs = 0.05 * np.sin(40 * v + 6 * u**2)
    return np.clip(0.85 * body - 0.6 * lungs + shade + ribs, 0.02, 0.98)


def base(name: str, sop_class: str, modality: str, study: str, series: str) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = study, series
    ds.PatientName, ds.PatientID = NAMES.get(name, "Zzyzxson^Quillon"), "QX-77-" + ("A" if name.startswith("op") else "B")
    ds.PatientBirthDate, ds.PatientSex = "19510307", "F"
    ds.StudyDate, ds.StudyTime, ds.StudyID = "20240229", "142530", "ST9"
    ds.AccessionNumber, ds.ReferringPhysicianName = "ACC-4711", "Refferson^Rex"
    ds.StudyDescription = "Zzyzx screening"
    ds.Modality, ds.SeriesNumber, ds.InstanceNumber = modality, 3, 1
    ds.ContentDate, ds.ContentTime = "20240229", "142600"
    ds.Manufacturer = "Drawn"
    ds.PatientOrientation = ["L", "F"]
    return ds


def colour(ds: Dataset, picture: np.ndarray) -> Dataset:
    ds.Rows, ds.Columns = picture.shape[:2]
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.PixelData = picture.tobytes() + b"\0" * (picture.size % 2)
    return ds


def grey(ds: Dataset, values: np.ndarray, bits: int, signed: bool = False, inverted: bool = False) -> Dataset:
    ds.Rows, ds.Columns = values.shape[-2:]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME1" if inverted else "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, bits, bits - 1, int(signed)
    top = 2**bits - 1
    scaled = np.round((1 - values if inverted else values) * top)
    stored = (scaled - 2 ** (bits - 1)).astype("<i2") if signed else scaled.astype("<u2")
    ds.PixelData = stored.tobytes()
    low = -(2 ** (bits - 1)) if signed else 0
    ds.WindowCenter, ds.WindowWidth = str(low + (top + 1) / 2), str(top + 1)
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "0", "1", "US"
    return ds


def op(name: str, photograph: np.ndarray, side: str, study: str) -> Dataset:
    ds = colour(base(name, OphthalmicPhotography8BitImageStorage, "OP", study, uid()), photograph)
    ds.ImageLaterality = side
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    ds.BurnedInAnnotation = "NO"
    ds.NumberOfFrames = 1
    ds.PixelSpacing = ["0.0125", "0.0117"]
    return ds


def sources(photograph: np.ndarray) -> dict[str, tuple[Dataset, str, int]]:
    """Name of the file: data set, model that reads it, frame counted from 1."""
    eyes, chests = uid(), uid()
    made: dict[str, tuple[Dataset, str, int]] = {}
    made["op-left"] = (op("op-left", photograph, "L", eyes), "retina-dr", 1)
    packed = op("op-right", photograph[:, ::-1], "R", eyes)
    lossy = io.BytesIO()
    Image.fromarray(photograph[:, ::-1]).save(lossy, "JPEG", quality=95, subsampling=0)
    packed.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    packed.PhotometricInterpretation = "YBR_FULL_422"
    packed.PixelData = encapsulate([lossy.getvalue()])
    packed["PixelData"].is_undefined_length = True
    packed.LossyImageCompression, packed.LossyImageCompressionRatio = "01", "10"
    packed.LossyImageCompressionMethod = "ISO_10918_1"
    packed.TimezoneOffsetFromUTC = "-0930"
    made["op-right-jpeg"] = (packed, "retina-dr", 1)

    cr = grey(base("cr", ComputedRadiographyImageStorage, "CR", chests, uid()), chest(700, 620), 12, inverted=True)
    cr.SpecificCharacterSet = "ISO_IR 100"
    cr.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    cr.BodyPartExamined, cr.ViewPosition, cr.ImagerPixelSpacing = "CHEST", "PA", ["0.2", "0.25"]
    made["cr"] = (cr, "cxr-pneumonia", 1)

    dx = grey(base("dx", DigitalXRayImageStorageForPresentation, "DX", chests, uid()), chest(640, 800), 14)
    dx.SpecificCharacterSet = "ISO_IR 192"
    dx.BodyPartExamined, dx.ImageLaterality, dx.BurnedInAnnotation = "CHEST", "U", "NO"
    dx.PixelSpacing, dx.ImagerPixelSpacing = ["0.139", "0.139"], ["0.15", "0.15"]
    made["dx"] = (dx, "cxr-pneumonia", 1)

    j2k = grey(base("dx-j2k", DigitalXRayImageStorageForPresentation, "DX", chests, uid()), chest(500, 500), 12)
    stream = io.BytesIO()
    Image.fromarray(np.frombuffer(j2k.PixelData, "<u2").reshape(500, 500)).save(
        stream, "JPEG2000", irreversible=False, no_jp2=True
    )
    j2k.file_meta.TransferSyntaxUID = JPEG2000Lossless
    j2k.PixelData = encapsulate([stream.getvalue()])
    j2k["PixelData"].is_undefined_length = True
    made["dx-j2k"] = (j2k, "cxr-pneumonia", 1)

    # No spacing at all, and more pixels than a map is written with.
    sc = colour(base("sc", SecondaryCaptureImageStorage, "OT", uid(), uid()), np.asarray(
        Image.fromarray(photograph).resize((3517, 3001), Image.Resampling.BILINEAR)
    ))
    sc.ConversionType = "DI"
    made["sc-large"] = (sc, "retina-dr", 1)

    frames = np.stack([chest(400, 360), chest(400, 360)[:, ::-1], chest(400, 360) ** 2])
    many = grey(base("mf", MultiFrameGrayscaleWordSecondaryCaptureImageStorage, "OT", chests, uid()), frames, 16)
    many.NumberOfFrames, many.ConversionType = 3, "DI"
    many.FrameIncrementPointer = (0x0018, 0x2002)
    many.FrameLabelVector = ["1", "2", "3"]
    made["sc-frames"] = (many, "cxr-pneumonia", 2)

    # A slice lies somewhere, and what is derived from it in the same place.
    ct = grey(base("ct", CTImageStorage, "CT", uid(), uid()), chest(256, 240), 12, signed=True)
    ct.FrameOfReferenceUID, ct.PositionReferenceIndicator = uid(), ""
    ct.ImageOrientationPatient, ct.ImagePositionPatient = ["1", "0", "0", "0", "0", "-1"], ["-87.5", "12.25", "300"]
    ct.PixelSpacing, ct.SliceThickness = ["0.75", "0.7"], "2.5"
    made["ct"] = (ct, "cxr-pneumonia", 1)
    return made


def write(folder: Path, photograph: Path) -> dict[str, tuple[str, int]]:
    folder.mkdir(parents=True, exist_ok=True)
    picture = Image.open(photograph).convert("RGB")
    picture.save(folder / "photo.png")
    turned = Image.Exif()
    turned[0x0112] = 6
    picture.rotate(90, expand=True).save(folder / "photo-turned.jpg", quality=95, exif=turned)
    asked = {"photo.png": ("retina-dr", 1), "photo-turned.jpg": ("retina-dr", 1)}
    for name, (ds, model, frame) in sources(np.asarray(picture)).items():
        ds.save_as(folder / f"{name}.dcm", enforce_file_format=True)
        asked[f"{name}.dcm"] = (model, frame)
    return asked


if __name__ == "__main__":
    print(*write(Path(sys.argv[1]), Path(sys.argv[2])), sep="\n")
