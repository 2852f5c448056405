"""DICOM objects that Fovea writes, read by parts that were written by others.

    python3 dicom_objects.py FOVEA PHOTOGRAPH FOLDER

Sources of all kinds are drawn (dicom_sources.py) and explained. Then `dciodvfy` must find no error in any object; pydicom, highdicom and dcmqi must read from the objects what the record and the raw maps beside them say; `dsrdump` must
print the report. What is not installed is left out and says so.
"""

import json
import math
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom

import dicom_sources

FAILED = []
# The share of the strongest smoothed response from which a segment begins, as docs/dicom-objects.md has it.
THRESHOLD = 0.25
MOST_MAP_PIXELS = 10_000_000


def check(is_true: bool, says: str) -> None:
    if not is_true:
        FAILED.append(says)
        print(f"  WRONG: {says}")


def tool(name: str) -> str | None:
    """A program on the path, or beside this Python."""
    return shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))


def run(*words) -> subprocess.CompletedProcess:
    return subprocess.run([str(w) for w in words], capture_output=True, text=True, errors="replace")


def explain(fovea: Path, out: Path, picture: Path, model: str, frame: int, *more: str) -> None:
    asked = ("--model", model, "--frame", frame, "--no-layers", "--force", "--out", out, *more)
    done = run(fovea, "explain", picture, *asked)
    assert done.returncode == 0, done.stderr


def errors(file: Path) -> set[str]:
    done = run("dciodvfy", file)
    return {line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error")}


def bilinear(maps: np.ndarray, model_from_source: np.ndarray, xs: np.ndarray, ys: np.ndarray):
    """Values of `maps` [n, h, w] at source positions, and which of these the maps cover."""
    _, height, width = maps.shape
    x = xs * model_from_source[0, 0] + model_from_source[0, 2]
    y = ys * model_from_source[1, 1] + model_from_source[1, 2]
    inside = ((y >= 0) & (y <= height))[:, None] & ((x >= 0) & (x <= width))[None, :]

    def cells(at, count):
        p = np.clip(at - 0.5, 0, count - 1)
        first = np.minimum(np.floor(p).astype(int), count - 1)
        return first, np.minimum(first + 1, count - 1), (p - first).astype(np.float32)

    left, right, along = cells(x, width)
    top, bottom, down = cells(y, height)
    rows = maps[:, :, left] + (maps[:, :, right] - maps[:, :, left]) * along
    return rows[:, top] + (rows[:, bottom] - rows[:, top]) * down[:, None], inside


def smoothed(maps: np.ndarray, sigma: float) -> np.ndarray:
    """A Gaussian cut at twice sigma, the edge held beyond the edge."""
    if sigma <= 0:
        return maps
    radius = math.ceil(2 * sigma)
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2).astype(np.float32)
    kernel /= kernel.sum()
    for axis in (1, 2):
        pads = [(radius, radius) if a == axis else (0, 0) for a in range(3)]
        padded = np.pad(maps, pads, mode="edge")
        maps = sum(k * np.take(padded, range(i, i + maps.shape[axis]), axis) for i, k in enumerate(kernel))
    return maps


class Made:
    """What was written for one picture."""

    def __init__(self, out: Path, picture: Path):
        self.out, self.name, self.picture = out, picture.stem, picture
        self.record = json.loads(self.file("json").read_text())
        self.maps = dict(np.load(self.file("npz")))
        self.size = (self.record["source_width_px"], self.record["source_height_px"])
        self.objects = {file.name[len(self.name) + 1:]: file for file in sorted(out.glob(f"{self.name}.*.dcm"))}
        is_dicom = picture.suffix == ".dcm"
        self.source = pydicom.dcmread(picture) if is_dicom else pydicom.dcmread(self.file("picture.dcm"))
        self.is_dicom = is_dicom

    def file(self, ending: str) -> Path:
        return self.out / f"{self.name}.{ending}"


def check_all(made: Made, has_dciodvfy: bool, frame: int) -> None:
    named = {e for e in made.record["files"] if e.endswith(".dcm")}
    check(named == set(made.objects), f"{made.name}: the record names {sorted(named)}")
    for ending, file in made.objects.items():
        if has_dciodvfy:
            for error in errors(file):
                check(False, f"{file.name}: {error}")
        ds = pydicom.dcmread(file)
        where = f"{file.name}:"
        for key in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyDate",
                    "StudyTime", "AccessionNumber", "StudyID", "ReferringPhysicianName", "StudyDescription"):
            check(str(ds.get(key, "")) == str(made.source.get(key, "")), f"{where} {key} is {ds.get(key)}")
        check(ds.SeriesInstanceUID != made.source.SeriesInstanceUID or ending == "picture.dcm", f"{where} a series of its own")
        check(ds.SpecificCharacterSet == "ISO_IR 192", f"{where} character set")
        if ending == "picture.dcm":
            continue
        if ending == "sr.dcm":
            evidence = ds.CurrentRequestedProcedureEvidenceSequence[0]
            check(evidence.StudyInstanceUID == made.source.StudyInstanceUID, f"{where} evidence of another study")
            series = evidence.ReferencedSeriesSequence[0]
            referred = series.ReferencedSOPSequence[0]
        else:
            series = ds.ReferencedSeriesSequence[0]
            referred = series.ReferencedInstanceSequence[0]
            source = ds.SourceImageSequence[0]
            in_place = "NO" if ending == "sc.dcm" else "YES"
            check(source.SpatialLocationsPreserved == in_place, f"{where} SpatialLocationsPreserved")
            lossy = made.source.get("LossyImageCompression") == "01"
            check((ds.get("LossyImageCompression", "00") == "01") == lossy, f"{where} LossyImageCompression")
            check(not lossy or float(ds.LossyImageCompressionRatio) > 1, f"{where} LossyImageCompressionRatio")
            if made.source.get("NumberOfFrames", 1) > 1:
                check(source.ReferencedFrameNumber == frame, f"{where} frame {source.get('ReferencedFrameNumber')}")
        check(series.SeriesInstanceUID == made.source.SeriesInstanceUID, f"{where} refers to another series")
        check(referred.ReferencedSOPInstanceUID == made.source.SOPInstanceUID, f"{where} refers to another object")
        check(referred.ReferencedSOPClassUID == made.source.SOPClassUID, f"{where} refers to another class")
        sha = made.record["model_sha256"]
        versions = ds.ContributingEquipmentSequence[0].SoftwareVersions
        check(sha in versions, f"{where} weights {versions}")
    check_colours(made)


def check_colours(made: Made) -> None:
    """The capture is the panel but for its heading; where the source says nothing of burnt-in names, nor does this."""
    from PIL import Image

    ds = pydicom.dcmread(made.file("sc.dcm"))
    panel = np.asarray(Image.open(made.file("panel.png")).convert("RGB"))
    check(np.array_equal(ds.pixel_array[90:], panel[90:]), f"{made.name}: the capture is another panel")
    check(not np.array_equal(ds.pixel_array[:90], panel[:90]), f"{made.name}: the capture carries the file's name")
    check(ds.get("BurnedInAnnotation") == made.source.get("BurnedInAnnotation"), f"{made.name}: BurnedInAnnotation")
    check(list(ds.ImageType) == ["DERIVED", "SECONDARY"] and ds.Modality == "OT", f"{made.name}: kind of the capture")
    if not made.is_dicom:
        shown = np.asarray(made.source.pixel_array)
        from PIL import ImageOps

        there = np.asarray(ImageOps.exif_transpose(Image.open(made.picture)).convert("RGB"))
        is_jpeg = Path(made.picture).suffix in (".jpg", ".jpeg")
        check((made.source.get("LossyImageCompression") == "01") == is_jpeg, f"{made.name}: losses of the photograph")
        # Decoders of JPEG round in their own ways.
        check(np.abs(shown.astype(int) - there).max() <= 4, f"{made.name}: its object shows another picture")


def expected_planes(source: pydicom.Dataset):
    spacing = source.get("PixelSpacing") or source.get("ImagerPixelSpacing") or [1.0, 1.0]
    own = "ImagePositionPatient" in source
    orientation = [float(v) for v in source.ImageOrientationPatient] if own else [1, 0, 0, 0, 1, 0]
    position = [float(v) for v in source.ImagePositionPatient] if own else [0, 0, 0]
    return [float(v) for v in spacing], orientation, position


def check_planes(made: Made, ds: pydicom.Dataset, step: int, where: str) -> None:
    spacing, orientation, position = expected_planes(made.source)
    shared, frame = ds.SharedFunctionalGroupsSequence[0], ds.PerFrameFunctionalGroupsSequence[0]
    measures = shared.PixelMeasuresSequence[0]
    check(np.allclose([float(v) for v in measures.PixelSpacing], np.array(spacing) * step), f"{where} spacing {measures.PixelSpacing}")
    check(float(measures.SliceThickness) > 0, f"{where} thickness")
    check(np.allclose([float(v) for v in shared.PlaneOrientationSequence[0].ImageOrientationPatient], orientation), f"{where} orientation")
    half = (step - 1) / 2
    moved = np.array(position) + half * (spacing[1] * np.array(orientation[:3]) + spacing[0] * np.array(orientation[3:]))
    found = [float(v) for v in frame.PlanePositionSequence[0].ImagePositionPatient]
    check(np.allclose(found, moved), f"{where} position {found}, not {moved}")
    own = made.source.get("FrameOfReferenceUID") if "ImagePositionPatient" in made.source else None
    check(own is None or ds.FrameOfReferenceUID == own, f"{where} frame of reference")


def check_segmentation(made: Made, dcmqi: str | None) -> None:
    where = f"{made.file('seg.dcm').name}:"
    seg = hd.seg.segread(made.file("seg.dcm"))
    check(seg.segmentation_type == hd.seg.SegmentationTypeValues.BINARY, f"{where} type")
    check((seg.Columns, seg.Rows) == made.size, f"{where} {seg.Columns}×{seg.Rows}")
    check_planes(made, seg, 1, where)
    width, height = made.size
    values = smoothed(made.maps["response"].astype(np.float32), made.record["settings"]["smoothing_px"])
    model_from_source = np.linalg.inv(made.maps["source_from_model"])
    spread, inside = bilinear(values, model_from_source, np.arange(width) + 0.5, np.arange(height) + 0.5)
    strongest = spread.max(axis=0)
    is_there = inside & (strongest > 0) & (strongest >= THRESHOLD * values.max())
    dominant = np.where(is_there, spread.argmax(axis=0), -1)
    classes = made.record["classes"]
    labels = {}
    for place, index in enumerate(made.maps["response_classes"]):
        labels[place] = classes[index]["name"]
    names = [d.segment_label for d in (seg.get_segment_description(n) for n in seg.segment_numbers)]
    coded = [d.segmented_property_type.value for d in (seg.get_segment_description(n) for n in seg.segment_numbers)]
    check(set(coded) == {labels[p] for p in np.unique(dominant) if p >= 0}, f"{where} segments {coded}")
    if made.source.get("NumberOfFrames", 1) > 1:
        frame = int(made.record["frame"])
        masks = seg.get_pixels_by_source_frame(made.source.SOPInstanceUID, [frame])[0]
    else:
        masks = seg.get_pixels_by_source_instance([made.source.SOPInstanceUID])[0]
    by_name = {name: place for place, name in labels.items()}
    off = sum(int((masks[..., i].astype(bool) != (dominant == by_name[name])).sum()) for i, name in enumerate(coded))
    # Where two values are equal but for their last digits, either may be said.
    check(off <= 2e-4 * width * height, f"{where} {off} pixels of {width * height} lie in another segment")
    check(masks.sum() > 0, f"{where} is empty")
    print(f"  SEG {names}: {off} of {width * height} pixels differ")
    if dcmqi:
        folder = Path(tempfile.mkdtemp(dir=made.out))
        done = run(dcmqi, "--inputDICOM", made.file("seg.dcm"), "--outputDirectory", folder, "-t", "nrrd", "-p", "s")
        check(done.returncode == 0, f"{where} dcmqi: {done.stdout[-300:]} {done.stderr[-300:]}")
        for i in range(len(names)):
            volume, spacing = nrrd(folder / f"s-{i + 1}.nrrd")
            same = np.array_equal(volume.reshape(height, width) > 0, masks[..., i] > 0)
            check(same, f"{where} dcmqi reads another segment {i + 1}")
            check(np.allclose(spacing[:2], expected_planes(made.source)[0][::-1]), f"{where} dcmqi's spacing {spacing}")


def nrrd(file: Path):
    import gzip

    head, _, body = file.read_bytes().partition(b"\n\n")
    fields = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
    sizes = [int(v) for v in fields["sizes"].split()]
    kind = {"short": "<i2", "unsigned short": "<u2", "unsigned char": "u1", "uchar": "u1", "uint8": "u1", "float": "<f4",
            "double": "<f8", "signed char": "i1", "int": "<i4", "unsigned int": "<u4"}[fields["type"]]
    data = gzip.decompress(body) if fields["encoding"] == "gzip" else body
    vectors = [np.array([float(v) for v in part.strip("()").split(",")]) for part in fields["space directions"].split()]
    return np.frombuffer(data, kind).reshape(sizes[::-1]), [float(np.linalg.norm(v)) for v in vectors]


def check_maps(made: Made, dcmqi: str | None) -> None:
    width, height = made.size
    step = next(s for s in range(1, 99) if -(-width // s) * -(-height // s) <= MOST_MAP_PIXELS)
    xs, ys = (np.arange(-(-n // step)) * step + step / 2 for n in (width, height))
    source_from_model = made.maps["source_from_model"]
    cells = np.diag([made.maps["response"].shape[2] / made.maps["cam"].shape[2],
                     made.maps["response"].shape[1] / made.maps["cam"].shape[1], 1.0])
    classes = made.record["classes"]
    held = [classes[i]["name"] for i in made.maps["response_classes"]]
    shown = classes[made.record["settings"]["shown_class"]]["name"]
    asked = [(f"pm-{name}.dcm", made.maps["response"][i], source_from_model) for i, name in enumerate(held)]
    place = [c["name"] for c in classes].index(shown)
    asked.append((f"pm-cam-{shown}.dcm", made.maps["cam"][place], source_from_model @ cells))
    check({e for e in made.objects if e.startswith("pm-")} == {ending for ending, *_ in asked}, f"{made.name}: its maps")
    worst = 0.0
    for ending, values, source_from_map in asked:
        where = f"{made.name}.{ending}:"
        ds = pydicom.dcmread(made.file(ending))
        pixels = np.frombuffer(ds.FloatPixelData, "<f4").reshape(ds.Rows, ds.Columns)
        check(pixels.shape == (len(ys), len(xs)), f"{where} {pixels.shape}")
        spread, inside = bilinear(values[None].astype(np.float32), np.linalg.inv(source_from_map), xs, ys)
        expected = np.where(inside, spread[0], 0)
        scale = max(float(np.abs(values).max()), 1e-12)
        worst = max(worst, float(np.abs(pixels - expected).max()) / scale)
        check_planes(made, ds, step, where)
        mapping = ds.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
        check((mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept) == (1, 0), f"{where} values are rescaled")
        check(mapping.MeasurementUnitsCodeSequence[0].CodeValue == "1", f"{where} unit")
        quantity = mapping.QuantityDefinitionSequence[0].ConceptCodeSequence[0]
        check(quantity.CodeValue == "130402", f"{where} quantity {quantity.CodeValue}")
        volume = hd.imread(made.file(ending)).get_volume(apply_real_world_transform=True)
        check(np.array_equal(volume.array[0], pixels.astype(volume.array.dtype)), f"{where} highdicom reads other values")
        check(volume.frame_of_reference_uid == ds.FrameOfReferenceUID, f"{where} highdicom reads another space")
    check(worst < 2e-6, f"{made.name}: values are off by {worst} of the largest")
    print(f"  PM {len(asked)} maps on {len(xs)}×{len(ys)}, off by {worst:.1e} of the largest")
    if dcmqi:
        folder = Path(tempfile.mkdtemp(dir=made.out))
        ending = asked[-1][0]
        done = run(dcmqi, "--inputDICOM", made.file(ending), "--outputDirectory", folder, "-t", "nrrd")
        check(done.returncode == 0, f"{made.name}: dcmqi of {ending}: {done.stdout[-300:]} {done.stderr[-300:]}")
        volume, _ = nrrd(next(folder.glob("*.nrrd")))
        same = np.array_equal(volume.reshape(pixels.shape).astype(np.float32), pixels)
        check(same, f"{made.name}: dcmqi reads another map {ending}")


def check_report(made: Made, has_dsrdump: bool) -> None:
    where, record = f"{made.name}.sr.dcm:", made.record
    sr = hd.sr.srread(made.file("sr.dcm"))
    flags = (sr.CompletionFlag, sr.VerificationFlag, sr.PreliminaryFlag)
    check(flags == ("PARTIAL", "UNVERIFIED", "PRELIMINARY"), f"{where} flags {flags}")
    groups = sr.content.get_image_measurement_groups()
    by_finding: dict[str, list] = {}
    for group in groups:
        by_finding.setdefault(group.tracking_identifier, []).append(group)
    for c in record["classes"]:
        group = by_finding[c["name"]][0]
        numbers = {m.name.value: m.value for m in group.get_measurements()}
        check(math.isclose(numbers["122157"], c["probability"], rel_tol=1e-9, abs_tol=1e-12) or
              abs(numbers["122157"] - c["probability"]) < 1e-7, f"{where} P({c['name']}) is {numbers['122157']}")
        if "response_share" in c:
            check(abs(numbers["response-share"] - c["response_share"]) < 1e-9, f"{where} share of {c['name']}")
        check(group.finding_type.value == c["name"], f"{where} finding {group.finding_type}")
    decided = {e.value.value for e in by_finding["picture"][0].get_qualitative_evaluations() if e.name.value == "decision"}
    expected = set(record["findings"]) if "findings" in record else {record["classes"][record["decided"]]["name"]}
    check(decided == expected, f"{where} decision {decided}, not {expected}")
    regions = sr.content.get_planar_roi_measurement_groups()
    check(len(regions) == len(record["boxes"]), f"{where} {len(regions)} boxes")
    for group, box in zip(regions, record["boxes"]):
        points = group.roi.value
        x, y = box["x"], box["y"]
        corners = np.array([[x, y], [x + box["width"], y], [x + box["width"], y + box["height"]], [x, y + box["height"]], [x, y]])
        check(np.array_equal(points, corners), f"{where} box {points.tolist()}")
        source = group.roi.ContentSequence[0].ReferencedSOPSequence[0]
        check(source.ReferencedSOPInstanceUID == made.source.SOPInstanceUID, f"{where} the box lies on another picture")
    text = str(pydicom.dcmread(made.file("sr.dcm")))
    for needed in (record["model_sha256"], record["notice"], "Preliminary and unverified"):
        check(needed in text, f"{where} does not say {needed}")
    if has_dsrdump:
        done = run("dsrdump", "+Pl", "+U8", made.file("sr.dcm"))
        check(done.returncode == 0 and record["report"]["headline"] in done.stdout, f"{where} dsrdump {done.stderr[-200:]}")
        check(record["model_sha256"] in done.stdout, f"{where} dsrdump prints no weights")
    print(f"  SR {len(groups)} groups, {len(regions)} boxes")


def check_deidentified(fovea: Path, folder: Path, asked: dict) -> None:
    """Nothing of who it is, the same for all of a patient, again and again; something else under another secret."""
    salts = [folder / "salt", folder / "other-salt"]
    for number, salt in enumerate(salts):
        salt.write_bytes(bytes(range(number, number + 32)))
    out = {}
    for label, salt in (("first", salts[0]), ("again", salts[0]), ("other", salts[1])):
        out[label] = folder / f"hidden-{label}"
        for name in ("op-left.dcm", "op-right-jpeg.dcm", "dx.dcm", "photo.png"):
            if label == "first" or name in ("op-left.dcm", "photo.png"):
                model, frame = asked[name]
                explain(fovea, out[label], folder / name, model, frame, "--answer-anyway",
                        "--dicom-deidentified", "--dicom-salt", str(salt))
    secrets = [b"Zzyzx", b"Quillon", b"Yamada", "山田".encode(), b"QX-77", b"19510307", b"20240229", b"ACC-4711", b"Refferson",
               b"1.2.826.0.1.3680043.10.999"]
    studies = {}
    for file in sorted(out["first"].glob("*.dcm")):
        found = [s for s in secrets if s in file.read_bytes()]
        check(not found, f"{file.name}: de-identified, and holds {found}")
        for error in errors(file) if shutil.which("dciodvfy") else ():
            check(False, f"{file.name}: de-identified: {error}")
        ds = pydicom.dcmread(file)
        check(ds.PatientIdentityRemoved == "YES", f"{file.name}: PatientIdentityRemoved")
        codes = {c.CodeValue for c in ds.DeidentificationMethodCodeSequence}
        check({"113100", "113107"} <= codes, f"{file.name}: methods {codes}")
        check(ds.LongitudinalTemporalInformationModified == "MODIFIED", f"{file.name}: dates")
        studies.setdefault(file.name.split(".")[0], set()).add((ds.StudyInstanceUID, ds.PatientID, ds.StudyDate))
    check(all(len(v) == 1 for v in studies.values()), "objects of a picture agree on study, patient and date")
    check(studies["op-left"] == studies["op-right-jpeg"], "two pictures of a study stay in one")
    check(studies["op-left"] != studies["dx"], "two patients stay two")
    uid = lambda label, name: pydicom.dcmread(out[label] / name).SOPInstanceUID
    for name in ("op-left.seg.dcm", "photo.seg.dcm"):
        check(uid("first", name) == uid("again", name) != uid("other", name), f"{name}: UIDs follow from the secret")


def check_refused(fovea: Path, folder: Path) -> None:
    """Of a picture that the model does not read nothing is said but that."""
    out = folder / "refused"
    explain(fovea, out, folder / "dx.dcm", "retina-dr", 1, "--dicom")
    names = {file.name for file in out.glob("*.dcm")}
    check(names == {"dx.sc.dcm", "dx.sr.dcm"}, f"a refused picture has {names}")
    sr = hd.sr.srread(out / "dx.sr.dcm")
    groups = sr.content.get_image_measurement_groups()
    check(len(groups) == 1 and groups[0].finding_type.value == "no-answer", "a refused picture is answered")
    check(not groups[0].get_measurements() and "122157" not in str(pydicom.dcmread(out / "dx.sr.dcm")), "it has probabilities")


def main() -> None:
    fovea, photograph, folder = (Path(word).resolve() for word in sys.argv[1:4])
    has = {name: tool(name) for name in ("dciodvfy", "dsrdump", "segimage2itkimage", "paramap2itkimage")}
    for name, path in has.items():
        if not path:
            print(f"LEFT OUT: {name} is not installed")
    asked = dicom_sources.write(folder, photograph)
    for name, (model, frame) in asked.items():
        print(name, flush=True)
        explain(fovea, folder / "out", folder / name, model, frame, "--dicom", "--answer-anyway")
        made = Made(folder / "out", folder / name)
        check_all(made, bool(has["dciodvfy"]), frame)
        check_segmentation(made, has["segimage2itkimage"])
        check_maps(made, has["paramap2itkimage"])
        check_report(made, bool(has["dsrdump"]))
    check_refused(fovea, folder)
    explain(fovea, folder / "twice", folder / "op-left.dcm", "retina-dr", 1, "--dicom")
    for file in sorted((folder / "twice").glob("*.dcm")):
        first, second = (pydicom.dcmread(f) for f in (folder / "out" / file.name, file))
        check(first.SOPInstanceUID == second.SOPInstanceUID, f"{file.name}: another object the second time")
    check_deidentified(fovea, folder, asked)
    if FAILED:
        sys.exit(f"{len(FAILED)} things are wrong")
    print("all objects are read as they were meant")


if __name__ == "__main__":
    main()
