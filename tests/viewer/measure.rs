//! Measurements drawn with the mouse: kept with the picture, listed, changed, deleted and exported.

use egui::{Event, PointerButton, Pos2, vec2};
use fovea::scan::measure::{Measurement, MeasurementKind};
use fovea::session::Measuring;

use super::file::{EXPLICIT, File, Value, text};
use super::radiographs::{drag, for_chests, opened_chest, view_rect};
use super::*;

const CHEST: &str = "Input view of phantom-chest-consolidation.dcm";

fn click(window: &mut Window, at: Pos2) {
    let press =
        |pressed| Event::PointerButton { pos: at, button: PointerButton::Primary, pressed, modifiers: Modifiers::NONE };
    for events in [vec![Event::PointerMoved(at)], vec![press(true)], vec![press(false)]] {
        window.input_mut().events.extend(events);
        window.step();
    }
    window.run_steps(2);
    // Two clicks in quick succession would be a double click.
    std::thread::sleep(std::time::Duration::from_millis(20));
    window.run_steps(30);
}

fn values(window: &Window) -> Vec<(MeasurementKind, f64)> {
    window.state().session.measurements().map(|(made, figures)| (made.kind, figures.value)).collect()
}

#[test]
fn lengths_angles_and_areas_are_drawn_listed_changed_and_deleted() {
    let mut window = opened_chest();
    let middle = view_rect(&window, CHEST).center();
    let (width, height) = window.state().session.current().unwrap().picture.size_px();
    let view = view_rect(&window, CHEST);
    // Source pixels to a point.
    let pixel = f64::from((width as f32 / view.width()).max(height as f32 / view.height()));
    let plain = Modifiers::NONE;
    drag(&mut window, PointerButton::Primary, middle, middle + vec2(80.0, 60.0), Modifiers::SHIFT);
    let [(MeasurementKind::Length, length_mm)] = values(&window)[..] else { panic!("{:?}", values(&window)) };
    assert!((length_mm - 100.0 * pixel * 0.4).abs() < 1.0, "{length_mm} mm of 0.4 mm pixels, {pixel} to a point");
    assert!(says(&window, &format!("Length: {length_mm:.1} mm at the detector")));

    press(&mut window, Modifiers::SHIFT, Key::A);
    assert!(says(&window, "Angle: click an end, the corner, the other end"));
    for off in [vec2(-90.0, 0.0), vec2(-90.0, 60.0), vec2(-30.0, 60.0)] {
        click(&mut window, middle + off);
    }
    press(&mut window, Modifiers::SHIFT, Key::E);
    drag(&mut window, PointerButton::Primary, middle - vec2(60.0, 100.0), middle - vec2(20.0, 60.0), plain);
    press(&mut window, Modifiers::SHIFT, Key::G);
    for off in [vec2(20.0, -100.0), vec2(80.0, -100.0), vec2(80.0, -60.0), vec2(20.0, -60.0)] {
        click(&mut window, middle + off);
    }
    assert_eq!(values(&window).len(), 3, "a polygon is open until it is closed");
    press(&mut window, plain, Key::Enter);
    let [_, (MeasurementKind::Angle, angle), (MeasurementKind::Ellipse, ellipse), (MeasurementKind::Polygon, polygon)] =
        values(&window)[..]
    else {
        panic!("{:?}", values(&window))
    };
    assert!((angle - 90.0).abs() < 1.5, "{angle}");
    let mm2 = |points2: f64| points2 * (pixel * 0.4).powi(2);
    assert!((ellipse / mm2(1256.6) - 1.0).abs() < 0.05 && (polygon / mm2(2400.0) - 1.0).abs() < 0.05);
    assert!(says(&window, " stored value") && says(&window, "mean "));

    press(&mut window, plain, Key::Escape);
    assert!(!says(&window, "Esc ends"), "the tool is put away");
    assert_eq!(window.state().session.selected_measurement(), Some(3));
    press(&mut window, plain, Key::Delete);
    assert_eq!(values(&window).len(), 3);
    // On its line it is selected, at its end it is changed, beside it none is.
    click(&mut window, middle + vec2(40.0, 30.0));
    assert_eq!(window.state().session.selected_measurement(), Some(0));
    let to = middle + vec2(160.0, 120.0);
    drag(&mut window, PointerButton::Primary, middle + vec2(80.0, 60.0), to, plain);
    assert!((values(&window)[0].1 - 2.0 * length_mm).abs() < 1.0);
    click(&mut window, middle + vec2(0.0, 150.0));
    assert_eq!(window.state().session.selected_measurement(), None);
    let listed = format!("Delete Angle: {angle:.1}°");
    window.get_by_role_and_label(Role::Button, &listed).click();
    window.run_steps(3);
    assert_eq!(values(&window).len(), 2);
    window.check_accessibility();
}

#[test]
fn measurements_stay_with_their_picture_and_stand_in_report_and_record() {
    let mut window = for_chests();
    let folder = tempfile::tempdir().unwrap();
    // A ramp of 2 HU a column; which way round it lies is said.
    let pixels: Vec<u16> = (0..64 * 64u16).map(|i| i % 64).collect();
    let attributes = [
        (0x0008_0060, text("CS", "CT")),
        (0x0020_0020, text("CS", "L\\F")),
        (0x0028_0030, text("DS", "0.5\\0.5")),
        (0x0028_1053, text("DS", "2")),
    ];
    let file = File::grey(EXPLICIT, (64, 64), [16, 12, 11], Value::Words(pixels)).set(attributes);
    let path = file.write(folder.path(), "ramp.dcm");
    open(&mut window, &[path.clone(), radiographs::chest("clear")]);
    act(&mut window, SessionCommand::AnswerAnyway);
    wait(&mut window, "the answer", |app| app.session.shown().is_some());
    let facts = window.state().session.current().unwrap().picture.scan.facts.clone().unwrap();
    assert_eq!(facts.edges(), Some(["R", "L", "H", "F"].map(str::to_owned)));
    let square = vec![[10.0, 10.0], [20.0, 10.0], [20.0, 20.0], [10.0, 20.0]];
    let made = fovea::scan::measure::Measurement::new(MeasurementKind::Polygon, square).unwrap();
    act(&mut window, SessionCommand::Measure(Measuring::Add(made)));
    assert!(says(&window, "Polygon: 25.0 mm² calibrated, mean 29.0 ± "));
    act(&mut window, SessionCommand::Next);
    wait(&mut window, "the other", |app| app.session.current().is_some_and(|current| current.path != path));
    assert!(values(&window).is_empty() && !says(&window, "Polygon: "));
    act(&mut window, SessionCommand::Previous);
    wait(&mut window, "the first", |app| app.session.current().is_some_and(|current| current.path == path));
    act(&mut window, SessionCommand::AnswerAnyway);
    wait(&mut window, "the answer", |app| app.session.shown().is_some());
    assert_eq!(values(&window).len(), 1);
    let out = tempfile::tempdir().unwrap();
    export(&mut window, out.path());
    let record: serde_json::Value = serde_json::from_slice(&fs::read(out.path().join("ramp.json")).unwrap()).unwrap();
    let measured = &record["measurements"][0];
    assert_eq!((measured["kind"].as_str(), measured["unit"].as_str()), (Some("polygon"), Some("mm²")));
    assert_eq!((measured["value"].as_f64(), measured["mean"].as_f64()), (Some(25.0), Some(29.0)));
    assert_eq!((measured["values"].as_str(), measured["pixels"].as_u64()), (Some("HU"), Some(100)));
    assert_eq!(measured["points_px"][2], serde_json::json!([20.0, 20.0]));
    assert!(record["files"].as_array().unwrap().iter().any(|file| file == "measurements.png"));
    let drawn = image::open(out.path().join("ramp.measurements.png")).unwrap().into_rgb8();
    assert!(drawn.pixels().any(|pixel| pixel.0[0] > 200 && pixel.0[2] < 160), "yellow lines on grey");
}

#[test]
fn an_area_becomes_the_readers_own_box() {
    let mut window = opened();
    let area = Measurement { kind: MeasurementKind::Ellipse, points_px: vec![[700.0, 300.0], [640.0, 420.0]] };
    act(&mut window, SessionCommand::Measure(Measuring::Add(area)));
    window.get_by_role_and_label(Role::Button, "As your box").scroll_to_me();
    window.run_steps(30);
    window.get_by_role_and_label(Role::Button, "As your box").click();
    window.run_steps(3);
    let box_px = |window: &Window| {
        let session = &window.state().session;
        session.readings.reading(&session.on_screen().unwrap()).and_then(|reading| reading.box_px)
    };
    assert_eq!(box_px(&window), Some([640.0, 300.0, 700.0, 420.0]));
    act(&mut window, SessionCommand::Measure(Measuring::Clear));
    window.get_by_role_and_label(Role::Button, "Remove your box").scroll_to_me();
    window.run_steps(30);
    window.get_by_role_and_label(Role::Button, "Remove your box").click();
    window.run_steps(3);
    assert_eq!(box_px(&window), None);
}
