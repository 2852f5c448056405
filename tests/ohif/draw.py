"""Two pictures that stand for a clinic's: a colour fundus photograph (OP, no spacing) and a chest film (DX, with spacing), made of
the repository's drawn phantoms.

    draw.py REPOSITORY FOLDER        writes FOLDER/op.dcm and FOLDER/dx.dcm
"""

import sys
from pathlib import Path

import pydicom
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, OphthalmicPhotography8BitImageStorage, generate_uid

REPOSITORY, FOLDER = Path(sys.argv[1]), Path(sys.argv[2])


def in_a_study(picture: Dataset, name: str) -> None:
    """What every picture of an archive has."""
    picture.StudyInstanceUID, picture.SeriesInstanceUID, picture.SOPInstanceUID = (generate_uid() for _ in range(3))
    picture.PatientName, picture.PatientID = "Drawn^Nobody", f"DRAWN-{name}"
    picture.PatientBirthDate = picture.PatientSex = picture.ReferringPhysicianName = picture.AccessionNumber = ""
    picture.StudyID, picture.SeriesNumber, picture.InstanceNumber = "1", 1, 1
    picture.StudyDate = picture.ContentDate = "20260101"
    picture.StudyTime = picture.ContentTime = "120000"
    picture.Manufacturer = "Drawn"
    picture.file_meta.MediaStorageSOPInstanceUID = picture.SOPInstanceUID
    picture.save_as(FOLDER / f"{name}.dcm", enforce_file_format=True)


def fundus() -> Dataset:
    # At half its size: several pixels of a screen for each of its own.
    with Image.open(REPOSITORY / "assets/samples/phantom-moderate.jpg") as photograph:
        pixels = photograph.convert("RGB").reduce(2)
    picture = Dataset()
    picture.file_meta = FileMetaDataset()
    picture.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    picture.file_meta.MediaStorageSOPClassUID = picture.SOPClassUID = OphthalmicPhotography8BitImageStorage
    picture.Modality, picture.ImageType, picture.ImageLaterality = "OP", ["ORIGINAL", "PRIMARY"], "R"
    picture.Columns, picture.Rows = pixels.size
    picture.SamplesPerPixel, picture.PlanarConfiguration, picture.PhotometricInterpretation = 3, 0, "RGB"
    picture.BitsAllocated = picture.BitsStored = 8
    picture.HighBit, picture.PixelRepresentation, picture.NumberOfFrames = 7, 0, 1
    picture.PixelData = pixels.tobytes()
    return picture


in_a_study(fundus(), "op")
in_a_study(pydicom.dcmread(REPOSITORY / "assets/chest-samples/phantom-chest-consolidation.dcm"), "dx")
