//! What files from real archives hold beside the plain case: functional groups, tables of signed numbers, unusual
//! depths, fragments without offsets, elements written otherwise than they say.

use dicom_core::{DataElement, Tag, VR};
use fovea::scan::facts::SpacingOrigin;
use fovea::scan::{open, open_frame};
use image::{ImageBuffer, Luma};

use super::encode;
use super::file::{EXPLICIT, Elements, File, IMPLICIT, JPEG_BASELINE, JPEG_LOSSLESS, JPEG_LS, RLE, Value, text, us};
use super::{HEIGHT, SIZE, WIDTH, assert_values, bytes_of, grey, read, rgb, samples, twelve, values};

fn packed(stream: Vec<u8>) -> Value {
    Value::Fragments(vec![vec![], stream])
}

fn group(tag: u32, elements: Elements) -> (u32, Value) {
    (tag, Value::Sequence(vec![elements]))
}

fn window(centre: &str, width: &str) -> Elements {
    vec![(0x0028_1050, text("DS", centre)), (0x0028_1051, text("DS", width))]
}

#[test]
fn functional_groups_hold_for_their_frames() {
    let rescale =
        |slope: &str| group(0x0028_9145, vec![(0x0028_1052, text("DS", "-10")), (0x0028_1053, text("DS", slope))]);
    let own = |centre, slope| vec![group(0x0028_9132, window(centre, "500")), rescale(slope)];
    let shared =
        vec![group(0x0028_9110, vec![(0x0028_0030, text("DS", "0.3\\0.4"))]), group(0x0028_9132, window("7", "70"))];
    let file = twelve(EXPLICIT, Value::Words(samples(12).repeat(3))).set([
        (0x0028_0008, text("IS", " 3")),
        (0x5200_9229, Value::Sequence(vec![shared])),
        (0x5200_9230, Value::Sequence(vec![own("100", "2"), own("200", "4"), vec![rescale("1")]])),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let path = file.write(folder.path(), "enhanced");
    for (frame, slope, centre) in [(0, 2.0, 100.0), (1, 4.0, 200.0), (2, 1.0, 7.0)] {
        let scan = open_frame(&path, frame).unwrap();
        let expected: Vec<f64> = samples(12).iter().map(|v| f64::from(*v) * slope - 10.0).collect();
        assert_eq!(values(&scan), expected);
        let fovea::scan::window::Voi::Window(found) = grey(&scan).default_voi() else { panic!("a window") };
        assert_eq!(found.centre, centre, "frame {frame}");
        let spacing = scan.facts.unwrap().spacing.unwrap();
        assert_eq!((spacing.row_mm, spacing.column_mm, spacing.origin), (0.3, 0.4, SpacingOrigin::Calibrated));
    }
}

/// Without VRs nothing but what goes into a table tells that it begins below 0.
#[test]
fn tables_of_signed_numbers_begin_below_zero_with_and_without_vrs() {
    let words: Vec<u16> = samples(12).iter().map(|v| v.wrapping_sub(2048)).collect();
    let entries: Vec<u16> = (0..4096u32).map(|i| ((i * i) >> 8) as u16).collect();
    let first = (-2048i16).cast_unsigned();
    let item: Elements =
        vec![(0x0028_3002, Value::Short(vec![4096, first, 16])), (0x0028_3006, Value::Words(entries.clone()))];
    for syntax in [EXPLICIT, IMPLICIT] {
        let file = File::grey(syntax, SIZE, [16, 16, 15], Value::Words(words.clone())).set([(0x0028_0103, us(1))]);
        let expected: Vec<u16> = samples(12).iter().map(|v| entries[usize::from(*v)]).collect();
        let modality = file.clone().set([(0x0028_3000, Value::Sequence(vec![item.clone()]))]);
        assert_values(&read(&modality), &expected, syntax);
        let voi = [(0x0028_3010, Value::Sequence(vec![item.clone()]))];
        // Below 0 as stored, and below 0 only by the intercept.
        let rescaled = File::grey(syntax, SIZE, [16, 12, 11], Value::Words(samples(12)))
            .set([(0x0028_1052, text("DS", "-2048")), (0x0028_1053, text("DS", "1"))]);
        for scan in [read(&file.set(voi.clone())), read(&rescaled.set(voi))] {
            for (shown, entry) in rgb(&scan).iter().zip(&expected) {
                assert_eq!(f64::from(shown[0]), (f64::from(*entry) / 65535.0 * 255.0).round(), "{syntax}");
            }
        }
    }
}

#[test]
fn padding_out_of_reach_is_none_and_a_range_is_cut_to_reach() {
    let file = twelve(EXPLICIT, Value::Words(samples(12)));
    for padding in [5000, 65535] {
        let scan = read(&file.clone().set([(0x0028_0120, us(padding))]));
        assert!((0..4096).all(|code| !grey(&scan).is_padding(code)), "{padding}");
    }
    let scan = read(&file.set([(0x0028_0120, us(3900)), (0x0028_0121, us(60000))]));
    assert!((0..4096).all(|code| grey(&scan).is_padding(code) == (code >= 3900)));
}

#[test]
fn signed_padding_is_found_with_and_without_vrs() {
    let mut words: Vec<u16> = samples(12).iter().map(|v| v.wrapping_sub(1000)).collect();
    words[..30].fill((-2000i16).cast_unsigned());
    for syntax in [EXPLICIT, IMPLICIT] {
        let scan = read(
            &File::grey(syntax, SIZE, [16, 16, 15], Value::Words(words.clone()))
                .set([(0x0028_0103, us(1)), (0x0028_0120, us((-2000i16).cast_unsigned()))]),
        );
        assert_eq!((grey(&scan).value(0, 0), rgb(&scan)[0]), (None, [0; 3]));
        assert_eq!(grey(&scan).value(0, 5), Some(f64::from(samples(12)[5 * WIDTH]) - 1000.0));
    }
}

#[test]
fn lossless_streams_of_every_depth_and_of_colour() {
    for bits in [6, 8, 10, 12, 16] {
        let allocated = if bits > 8 { 16 } else { 8 };
        let layout = [allocated, bits as u16, bits as u16 - 1];
        let stream = encode::jpeg_lossless(&samples(bits), WIDTH, bits as u8);
        let scan = read(&File::grey(JPEG_LOSSLESS, SIZE, layout, packed(stream)));
        assert_values(&scan, &samples(bits), &format!("lossless JPEG of {bits} bits"));
        if bits > 6 {
            let stream = encode::jpeg_ls(&samples(bits), WIDTH);
            let scan = read(&File::grey(JPEG_LS, SIZE, layout, packed(stream)));
            assert_values(&scan, &samples(bits), &format!("JPEG-LS of {bits} bits"));
        }
    }
    let pixels: Vec<u16> = samples(8).iter().flat_map(|v| [*v, 255 - v, v / 2]).collect();
    let colour = |name, bits: u16, samples: &[u16]| {
        let stream = encode::jpeg_lossless_of(3, samples, WIDTH, bits as u8);
        let allocated = if bits > 8 { 16 } else { 8 };
        read(&File::with(JPEG_LOSSLESS, name, 3, SIZE, [allocated, bits, bits - 1], packed(stream)))
    };
    let expected: Vec<[u8; 3]> = pixels.as_chunks::<3>().0.iter().map(|p| p.map(|v| v as u8)).collect();
    assert_eq!(rgb(&colour("RGB", 8, &pixels)), expected);
    let deep: Vec<u16> = pixels.iter().map(|v| v << 4).collect();
    for (found, wanted) in rgb(&colour("RGB", 12, &deep)).iter().zip(&expected) {
        assert!(found.iter().zip(wanted).all(|(a, b)| a.abs_diff(*b) <= 1), "{found:?} {wanted:?}");
    }
    // The stream holds luminance and colour differences, and its decoder does not turn them back.
    let red = [76u16, 85, 255].repeat(WIDTH * HEIGHT);
    assert!(rgb(&colour("YBR_FULL", 8, &red)).iter().all(|p| p[0] >= 252 && p[1] <= 2 && p[2] <= 2));
    let red = [76u16 << 4, 85 << 4, 4095].repeat(WIDTH * HEIGHT);
    assert!(rgb(&colour("YBR_FULL", 12, &red)).iter().all(|p| p[0] >= 250 && p[1] <= 4 && p[2] <= 4));
}

#[test]
fn baseline_jpeg_in_red_green_and_blue_is_left_as_it_is() {
    // The encoder turns its colours into YBR; a file that says RGB means the samples themselves.
    let pixels = [76u8, 85, 255].repeat(WIDTH * HEIGHT);
    let stream = encode::jpeg_colour(&pixels, WIDTH);
    let as_ybr = read(&File::with(JPEG_BASELINE, "YBR_FULL_422", 3, SIZE, [8, 8, 7], packed(stream.clone())));
    assert!(rgb(&as_ybr)[0].iter().zip([76, 85, 255]).all(|(a, b)| a.abs_diff(b) <= 3));
    let as_rgb = rgb(&read(&File::with(JPEG_BASELINE, "RGB", 3, SIZE, [8, 8, 7], packed(stream))))[0];
    let luminance = 0.299 * 76.0 + 0.587 * 85.0 + 0.114 * 255.0;
    assert!((f64::from(as_rgb[0]) - luminance).abs() < 4.0, "{as_rgb:?}");
}

#[test]
fn runs_of_rle_in_8_bits_and_planes_of_16_bit_colour() {
    let mut bytes = bytes_of(8);
    bytes[40..200].fill(7);
    let file = File::grey(RLE, SIZE, [8, 8, 7], packed(encode::rle(&[bytes.clone()])));
    let expected: Vec<u16> = bytes.iter().map(|b| u16::from(*b)).collect();
    assert_values(&read(&file), &expected, "RLE");
    let deep: Vec<u16> = samples(16).iter().flat_map(|v| [*v, v / 2, 65535 - v]).collect();
    let planes: Vec<Vec<u8>> = (0..3)
        .flat_map(|kind| encode::byte_planes(&deep.iter().skip(kind).step_by(3).copied().collect::<Vec<_>>()))
        .collect();
    let scan = read(&File::with(RLE, "RGB", 3, SIZE, [16, 16, 15], packed(encode::rle(&planes))));
    let fovea::scan::Pixels::Rgb16(found) = &scan.pixels else { panic!("16-bit colour") };
    assert_eq!(found.as_raw(), &deep);
}

#[test]
fn fragments_without_offsets_are_told_apart_by_their_beginnings() {
    let frame = |n: u16| samples(12).iter().map(|v| (v + 100 * n) & 0x0fff).collect::<Vec<u16>>();
    let mut fragments = vec![vec![]];
    for n in 0..3 {
        let stream = encode::jpeg_lossless(&frame(n), WIDTH, 12);
        fragments.extend(stream.chunks(200 + 20 * usize::from(n)).map(<[u8]>::to_vec));
    }
    assert!(fragments.len() > 6, "several for each frame");
    let folder = tempfile::tempdir().unwrap();
    let file = twelve(JPEG_LOSSLESS, Value::Fragments(fragments)).set([(0x0028_0008, text("IS", "3"))]);
    let path = file.write(folder.path(), "split");
    for n in 0..3 {
        assert_values(&open_frame(&path, n.into()).unwrap(), &frame(n), "split");
    }
}

#[test]
fn elements_written_otherwise_than_they_say_are_read_as_they_are() {
    for (said, written) in [(EXPLICIT, IMPLICIT), (IMPLICIT, EXPLICIT)] {
        let bytes = |syntax| twelve(syntax, Value::Words(samples(12))).bytes();
        let (head, body) = (bytes(said), bytes(written));
        // Both heads end where group 8 begins.
        let start = |bytes: &[u8]| bytes.windows(4).position(|four| four == [8, 0, 0x16, 0]).unwrap();
        let mixed = [&head[..start(&head)], &body[start(&body)..]].concat();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mixed.dcm");
        std::fs::write(&path, mixed).unwrap();
        assert_values(&open(&path).unwrap(), &samples(12), said);
    }
}

#[test]
fn data_sets_without_any_head_are_known_by_their_first_element() {
    for syntax in [EXPLICIT, IMPLICIT] {
        let bytes = twelve(syntax, Value::Words(samples(12))).bytes();
        let start = bytes.windows(4).position(|four| four == [8, 0, 0x16, 0]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bare");
        std::fs::write(&path, &bytes[start..]).unwrap();
        assert_values(&open(&path).unwrap(), &samples(12), syntax);
    }
}

#[test]
fn equal_spacings_are_the_detectors_unless_a_calibration_is_told() {
    let file = twelve(EXPLICIT, Value::Words(samples(12)))
        .set([(0x0018_1164, text("DS", "0.15\\0.15")), (0x0028_0030, text("DS", "0.150\\0.150"))]);
    let origin = |file: &File| read(file).facts.unwrap().spacing.unwrap().origin;
    assert_eq!(origin(&file), SpacingOrigin::Imager);
    let told = file.set([(0x0028_0a02, text("CS", "FIDUCIAL"))]);
    assert_eq!(origin(&told), SpacingOrigin::Calibrated);
}

#[test]
fn the_list_of_a_disc_is_no_picture_of_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let file = twelve(EXPLICIT, Value::Words(samples(12)));
    file.write(folder.path(), "IM1");
    file.write(folder.path(), "DICOMDIR");
    let found = fovea::scan::find::pictures(&[folder.path().to_owned()]).unwrap().pictures;
    assert_eq!(found, [folder.path().join("IM1")]);
}

/// Written by `dicom-object`, so that the reader is not tested against this folder's own writer alone.
#[test]
fn a_file_written_by_dicom_object_and_a_name_in_another_alphabet() {
    let mut object = dicom_object::InMemDicomObject::new_empty();
    let mut put = |tag: (u16, u16), vr, value: dicom_core::PrimitiveValue| {
        object.put(DataElement::new(Tag(tag.0, tag.1), vr, value));
    };
    put((0x0008, 0x0005), VR::CS, "ISO_IR 192".into());
    put((0x0008, 0x0016), VR::UI, "1.2.840.10008.5.1.4.1.1.1".into());
    put((0x0008, 0x0060), VR::CS, "CR".into());
    put((0x0010, 0x0010), VR::PN, "Müller^Zoë".into());
    put((0x0028, 0x0002), VR::US, 1u16.into());
    put((0x0028, 0x0004), VR::CS, "MONOCHROME2".into());
    put((0x0028, 0x0010), VR::US, (HEIGHT as u16).into());
    put((0x0028, 0x0011), VR::US, (WIDTH as u16).into());
    put((0x0028, 0x0100), VR::US, 16u16.into());
    put((0x0028, 0x0101), VR::US, 12u16.into());
    put((0x0028, 0x0102), VR::US, 11u16.into());
    put((0x0028, 0x0103), VR::US, 0u16.into());
    put((0x7fe0, 0x0010), VR::OW, dicom_core::PrimitiveValue::U16(samples(12).into()));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("object.dcm");
    let meta = dicom_object::FileMetaTableBuilder::new()
        .transfer_syntax(EXPLICIT)
        .media_storage_sop_class_uid("1.2.840.10008.5.1.4.1.1.1")
        .media_storage_sop_instance_uid("1.2.3");
    object.with_meta(meta).unwrap().write_to_file(&path).unwrap();
    assert_values(&open(&path).unwrap(), &samples(12), "dicom-object");
    let asked = fovea::scan::personal(&path).unwrap();
    assert!(asked.contains(&("Patient's name", "Müller Zoë".to_owned())), "{asked:?}");
}

/// What a model is given of a 16-bit PNG does not change by grey values being values.
#[test]
fn sixteen_bit_pngs_are_divided_by_257() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep.png");
    let deep = samples(16);
    let picture = ImageBuffer::<Luma<u16>, _>::from_raw(WIDTH as u32, HEIGHT as u32, deep.clone()).unwrap();
    picture.save(&path).unwrap();
    let scan = open(&path).unwrap();
    let expected: Vec<[u8; 3]> = deep.iter().map(|v| [((u32::from(*v) + 128) / 257) as u8; 3]).collect();
    assert_eq!((rgb(&scan), scan.bit_depth(), scan.facts.is_none()), (expected, 16, true));
    assert_values(&scan, &deep, "PNG");
}
