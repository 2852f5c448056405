//! pydicom as an independent reader: it must agree with ours pixel by pixel.

use std::path::Path;
use std::process::Command;

use fovea::scan::open;

use super::file::{EXPLICIT, File, Value, text, us};
use super::{SIZE, bytes_of, lossless, samples, twelve};

/// The Python that has pydicom and its codecs.
fn python() -> Option<String> {
    let candidates = [std::env::var("FOVEA_PYTHON").ok(), Some("python3".to_owned())];
    let has = |python: &String| {
        let probe = Command::new(python).args(["-c", "import pydicom, openjpeg, libjpeg, numpy"]).output();
        probe.is_ok_and(|output| output.status.success())
    };
    candidates.into_iter().flatten().find(has)
}

/// Values after the modality look-up, then the picture under its default window, as little-endian f64.
fn dump(path: &Path, to: &Path) {
    let scan = open(path).unwrap();
    let grey = scan.grey().unwrap();
    let mut out = Vec::new();
    for code in grey.codes.iter() {
        out.extend(grey.value_of(*code).unwrap().to_le_bytes());
    }
    for shown in grey.display(grey.default_voi(), false).iter() {
        out.extend(f64::from(*shown).to_le_bytes());
    }
    std::fs::write(to, out).unwrap();
}

#[test]
fn pydicom_reads_the_same_pixels() {
    let Some(python) = python() else {
        eprintln!(
            "left out: no Python with pydicom, pylibjpeg-openjpeg and pylibjpeg-libjpeg (FOVEA_PYTHON names one)"
        );
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let window = [(0x0028_1050, text("DS", "1800")), (0x0028_1051, text("DS", "2500"))];
    let mut paths = Vec::new();
    for (n, (_, file)) in lossless().into_iter().enumerate() {
        let exact = [(0x0028_1056, text("CS", ["LINEAR", "LINEAR_EXACT", "SIGMOID"][n % 3]))];
        paths.push(file.set(window.clone()).set(exact).write(folder.path(), &format!("{n}.dcm")));
    }
    let signed = samples(12).iter().map(|v| v.wrapping_sub(2048) & 0x0fff).collect();
    let signed = twelve(EXPLICIT, Value::Words(signed)).set([
        (0x0028_0103, us(1)),
        (0x0028_1050, text("DS", "-300")),
        (0x0028_1051, text("DS", "900.5")),
        (0x0028_1052, text("DS", "-1024")),
        (0x0028_1053, text("DS", "0.5")),
    ]);
    paths.push(signed.write(folder.path(), "signed.dcm"));
    let table = Value::Words((0..256u32).map(|i| (i * i) as u16).collect());
    let item = vec![(0x0028_3002, Value::Short(vec![256, 0, 16])), (0x0028_3006, table)];
    let voi = File::grey(EXPLICIT, SIZE, [8, 8, 7], Value::Bytes(bytes_of(8)))
        .set([(0x0028_3010, Value::Sequence(vec![item])), (0x0028_0004, text("CS", "MONOCHROME1"))]);
    paths.push(voi.write(folder.path(), "table.dcm"));
    let real = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/dicom");
    for name in ["RG1_J2KI", "MR1_RLE", "CT1_JPLL"] {
        let (from, to) = (real.join(format!("{name}.dcm")), folder.path().join(format!("{name}.dcm")));
        if std::fs::copy(&from, &to).is_ok() {
            paths.push(to);
        }
    }
    for path in &paths {
        dump(path, &path.with_extension("f64"));
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/dicom_pydicom.py");
    let output = Command::new(python).arg(script).arg(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains(&format!("{} files agree", paths.len())), "{said}");
    eprintln!("{}", said.trim());
}
