"""What a test asks of an archive over DICOMweb (PS3.18).

    archive.py ready HTTP_PORT                 is it there?
    archive.py stow HTTP_PORT FILE...          stores files by STOW-RS
    archive.py same HTTP_PORT FILE...          gets each back by WADO-RS, and fails unless it is the same object
    archive.py empty HTTP_PORT                 removes everything
"""

import email
import email.policy
import io
import json
import sys
import urllib.request
import uuid
from pathlib import Path

import pydicom

WEB = "dicom-web/studies"


def ask(port: str, path: str, method: str = "GET", body: bytes | None = None, **headers: str):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/{path}", body, names, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.headers["Content-Type"], answer.read()


def stow(port: str, files: list[str]) -> None:
    border = uuid.uuid4().hex
    part = f"--{border}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    body = b"".join(part + Path(file).read_bytes() + b"\r\n" for file in files) + f"--{border}--\r\n".encode()
    kind = f'multipart/related; type="application/dicom"; boundary={border}'
    _, answer = ask(port, WEB, "POST", body, Content_Type=kind, Accept="application/dicom+json")
    answer = json.loads(answer)
    taken = {item["00081155"]["Value"][0] for item in answer["00081199"]["Value"]}
    # Orthanc names the sequence of failures also where it is empty.
    assert not answer.get("00081198", {}).get("Value"), "the archive refused an object"
    assert len(taken) == len(files), f"the archive took {len(taken)} of {len(files)} objects"


def fetched(port: str, sent: pydicom.Dataset) -> pydicom.Dataset:
    uids = f"{sent.StudyInstanceUID}/series/{sent.SeriesInstanceUID}/instances/{sent.SOPInstanceUID}"
    wanted = 'multipart/related; type="application/dicom"; transfer-syntax=*'
    kind, body = ask(port, f"{WEB}/{uids}", Accept=wanted)
    whole = email.message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body, policy=email.policy.HTTP)
    (part,) = whole.iter_parts()
    return pydicom.dcmread(io.BytesIO(part.get_payload(decode=True)))


def same(port: str, files: list[str]) -> None:
    pixels = 0
    for file in files:
        sent = pydicom.dcmread(file)
        back = fetched(port, sent)
        # Every element of every sequence, pixels included.
        assert back == sent, f"{Path(file).name} came back changed"
        assert back.file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID, f"{Path(file).name} was recoded"
        held = [back.get(word) for word in ("PixelData", "FloatPixelData")]
        assert held == [sent.get(word) for word in ("PixelData", "FloatPixelData")]
        pixels += sum(len(values) for values in held if values is not None)
    assert pixels > 0
    print(f"{len(files)} objects came back as they were sent, {pixels} bytes of pixels among them")


def main() -> None:
    what, port, *files = sys.argv[1:]
    if what == "ready":
        ask(port, WEB)
    elif what == "stow":
        stow(port, files)
    elif what == "same":
        same(port, files)
    elif what == "empty":
        for patient in json.loads(ask(port, "patients")[1]):
            ask(port, f"patients/{patient}", "DELETE")
    else:
        sys.exit(__doc__)


main()
