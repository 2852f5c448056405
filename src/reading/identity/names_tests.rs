use super::*;

fn read(path: &str) -> (String, &'static str, String) {
    let path = Path::new("/lists").join(path);
    let Identity { patient, eye, taken, .. } = of_path(&path, Path::new("/lists"));
    (patient, eye.map_or("", Eye::short_name), taken.unwrap_or_default())
}

#[test]
fn usual_names_say_patient_eye_and_day() {
    for (path, patient, eye, taken) in [
        ("12_left.jpeg", "12", "L", ""),
        ("10003_right.jpeg", "10003", "R", ""),
        ("12-LEFT.JPG", "12", "L", ""),
        ("Patient001_L.png", "001", "L", ""),
        ("patient 7 right.png", "7", "R", ""),
        ("Patient-0012-OS.tif", "0012", "L", ""),
        ("P01-OD-2023-05-02.jpg", "P01", "R", "2023-05-02"),
        ("P01_20230502_OD.jpg", "P01", "R", "2023-05-02"),
        ("P01_20230502_143000_OD.jpg", "P01", "R", "2023-05-02"),
        ("smith_OS_2.jpg", "smith", "L", ""),
        ("smith_john_OD.jpg", "smith_john", "R", ""),
        ("OD_smith_2.jpg", "smith", "R", ""),
        ("left_12.png", "12", "L", ""),
        ("img_R.png", "", "R", ""),
        ("Image_01L.jpg", "01", "L", ""),
        ("Image_14R_1stHO.png", "14", "R", ""),
        ("RET002OD.jpg", "RET002", "R", ""),
        ("RET002OS.jpg", "RET002", "L", ""),
        ("1_l2.jpg", "1", "L", ""),
        ("347_r1.jpg", "347", "R", ""),
        ("IMG_2034_smith_OD.jpg", "smith", "R", ""),
        ("smith 01.03.2024 OD.jpg", "smith", "R", "2024-03-01"),
        ("smith_19500417_OD_20240301.jpg", "smith", "R", "2024-03-01"),
        ("20240301101112_smith_OS.jpg", "smith", "L", "2024-03-01 10:11:12"),
        ("subject-03_righteye.png", "03", "R", ""),
        ("PID_4711_RE.png", "4711", "R", ""),
        ("王小明_left.jpg", "王小明", "L", ""),
        ("Patient12.jpg", "12", "", ""),
        ("case 8.png", "8", "", ""),
        ("20051019_38557_0100_PP.png", "", "", "2005-10-19"),
        // What folders say.
        ("smith/left.jpg", "smith", "L", ""),
        ("smith/OD/IMG_2034.jpg", "smith", "R", ""),
        ("smith/OD/12.jpg", "smith", "R", ""),
        ("smith/2024-03-01/OD_2.png", "smith", "R", "2024-03-01"),
        ("smith/2024-03-01/img1.jpg", "smith", "", "2024-03-01"),
        ("4711/20240301/right.jpg", "4711", "R", "2024-03-01"),
        ("4711/right/2024-03-01.jpg", "4711", "R", "2024-03-01"),
        ("train/3/12_left.jpeg", "12", "L", ""),
        ("images/left/12.jpg", "12", "L", ""),
        ("left/12.jpg", "12", "L", ""),
        ("patient00001/study1/view1_frontal.jpg", "00001", "", ""),
        ("p10/p10000032/s50414267/02aa804e-bde0afdd.jpg", "p10000032", "", ""),
        ("Müller, Anna/OS 1.jpg", "Müller, Anna", "L", ""),
    ] {
        assert_eq!(read(path), (patient.to_owned(), eye, taken.to_owned()), "{path}");
    }
}

#[test]
fn what_is_not_sure_is_not_said() {
    for path in [
        "leftover_12.jpg",
        "bright_12.jpg",
        "IDRiD_012.jpg",
        "IMG_2034.JPG",
        "im0001.ppm",
        "000c1434d8d7.png",
        "0104b032c141.png",
        "TRAIN000123.jpg",
        "C0001883.jpg",
        "21_training.tif",
        "01_dr.JPG",
        "1.png",
        "007-0004-000.jpg",
        "00000001_000.png",
        "02aa804e-bde0afdd-112c0b34-7bc16630-4e384014.jpg",
        "pixel.png",
        "model.png",
        "clothes.jpg",
        "both_left_and_right.jpg",
        "smith/IMG_2034.jpg",
        "Moderate/1.png",
        "holiday/2034.jpg",
        "",
        "...",
    ] {
        assert_eq!(read(path), (String::new(), "", String::new()), "{path}");
    }
}

#[test]
fn folders_that_all_pictures_share_name_nobody_unless_nothing_else_does() {
    let of = |path: &str, root: &str| of_path(Path::new(path), Path::new(root)).patient;
    assert_eq!(of("/home/ann/retina/left/12.jpg", "/home/ann/retina"), "12");
    assert_eq!(of("/home/ann/retina/12_left.jpg", "/home/ann/retina"), "12");
    assert_eq!(of("/data/smith/left.jpg", "/data/smith"), "smith");
    assert_eq!(of("/data/smith/left.jpg", "/data"), "smith");
    assert_eq!(of("/data/images/left.jpg", "/data/images"), "");
}

#[test]
fn no_name_makes_it_panic() {
    let pieces = ["left", "OD", "é", "12", "20240229", "\u{0}", "_", "/", "L1", "１２", "patient", ".", "👁", "0"];
    for a in pieces {
        for b in pieces {
            for c in pieces {
                let path = format!("{a}{b}{c}");
                of_path(Path::new(&path), Path::new(""));
                of_path(Path::new(&path.repeat(40)), Path::new("/"));
            }
        }
    }
}
