use super::*;
use crate::bundle::Library;
use crate::evaluate::Truth;
use crate::reading::{Answer, Reading};

fn paths(names: &[&str]) -> Vec<PathBuf> {
    names.iter().map(PathBuf::from).collect()
}

fn answer(class: usize, probability: f32) -> Answer {
    let mut probabilities = vec![(1.0 - probability) / 4.0; 5];
    probabilities[class] = probability;
    Answer {
        model: "m".to_owned(),
        class,
        probability,
        probabilities,
        headline: String::new(),
        gradable: Some(class != 4),
        is_refused: false,
        agrees: None,
    }
}

fn classes() -> Classes {
    let library = Library::open(&[]).unwrap();
    Classes::of(library.usable().find(|card| card.name == "retina-dr").unwrap())
}

fn list() -> Worklist {
    let mut list = Worklist::new(paths(&["c.png", "a.png", "b.png", "d.png"]), SortBy::Given);
    list.set_classes(classes());
    for (name, class, probability) in [("a.png", 1, 0.9), ("b.png", 3, 0.4), ("d.png", 3, 0.6)] {
        list.item_mut(Path::new(name)).unwrap().answer = Some(answer(class, probability));
    }
    list
}

fn names(list: &Worklist) -> String {
    list.shown().map(|item| &item.name[..1]).collect()
}

#[test]
fn sorts_by_every_column_and_back() {
    let mut list = list();
    let said = |class: usize, flagged: bool, seconds: f64| {
        Some(Reading { class: Some(class), flagged, seconds: Some(seconds), ..Reading::default() })
    };
    list.item_mut(Path::new("a.png")).unwrap().reading = said(4, false, 9.0);
    list.item_mut(Path::new("b.png")).unwrap().reading = said(2, true, 12.0);
    list.item_mut(Path::new("d.png")).unwrap().answer.as_mut().unwrap().gradable = Some(false);
    for (sort, expected, reversed) in [
        (SortBy::Name, "abcd", "dcba"),
        (SortBy::Grade, "dbac", "abdc"),
        (SortBy::Referable, "dbac", "abdc"),
        (SortBy::Quality, "dabc", "abdc"),
        (SortBy::ReaderGrade, "abcd", "bacd"),
        (SortBy::Flagged, "bcad", "cadb"),
        (SortBy::Time, "bacd", "abcd"),
        (SortBy::Patient, "cabd", "cabd"),
        (SortBy::Given, "cabd", "dbac"),
        // Without labels, and without maps, there is nothing to go by.
        (SortBy::Apart, "cabd", "cabd"),
        (SortBy::SurelyWrong, "cabd", "cabd"),
        (SortBy::Mismatch, "cabd", "cabd"),
    ] {
        list.sort_by(sort, false);
        assert_eq!(names(&list), expected, "{sort:?}");
        list.sort_by(sort, true);
        assert_eq!(names(&list), reversed, "{sort:?} turned");
    }
}

#[test]
fn a_bad_picture_is_stepped_over_and_a_filtered_one_too() {
    let mut list = list();
    list.item_mut(Path::new("a.png")).unwrap().problem = Some("cut off".to_owned());
    let step =
        |list: &Worklist, from: &str, forwards| list.neighbour(Path::new(from), forwards).map(|item| item.name.clone());
    assert_eq!(step(&list, "c.png", true).as_deref(), Some("b.png"));
    assert_eq!(step(&list, "b.png", false).as_deref(), Some("c.png"));
    assert_eq!(
        (step(&list, "d.png", true), step(&list, "c.png", false), step(&list, "x.png", true)),
        (None, None, None)
    );
    list.set_filter(Filter { grade: Some(3), ..Filter::default() });
    assert_eq!((names(&list).as_str(), list.position(Path::new("c.png"))), ("bd", None));
    // From a picture that is not shown one goes to those that are.
    assert_eq!(step(&list, "c.png", true).as_deref(), Some("b.png"));
    assert_eq!(step(&list, "d.png", false).as_deref(), Some("b.png"));
}

#[test]
fn words_find_names_patients_days_eyes_and_grades() {
    let all = ["12_left.png", "12_right.png", "P07_OD_2024-03-01.png", "smith/left.png", "jones/left.png"];
    let mut list = Worklist::new(paths(&all), SortBy::Given);
    list.set_classes(classes());
    list.item_mut(Path::new("12_right.png")).unwrap().answer = Some(answer(3, 0.9));
    let mut found = |words: &str| {
        list.set_filter(Filter { words: words.to_owned(), ..Filter::default() });
        list.shown().map(|item| item.label.clone()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(found("SMITH"), "smith/left.png");
    assert_eq!(found("patient 12 r"), "12_right.png");
    assert_eq!(found("2024-03"), "P07_OD_2024-03-01.png");
    assert_eq!(found("severe"), "12_right.png");
    assert_eq!(found("left jones"), "jones/left.png");
    assert_eq!(found("nobody"), "");
}

#[test]
fn pictures_of_a_patient_stand_under_one_head() {
    let all = ["2_left.png", "2_right.png", "10_left.png", "x.png", "2_left_b.png"];
    let mut list = Worklist::new(paths(&all), SortBy::Given);
    assert!(list.groups().is_empty(), "the order scatters patient 2");
    list.sort_by(SortBy::Patient, false);
    let labels: Vec<&str> = list.shown().map(|item| item.label.as_str()).collect();
    assert_eq!(labels, ["2_right.png", "2_left.png", "2_left_b.png", "10_left.png", "x.png"]);
    let heads: Vec<(usize, usize, String)> =
        list.groups().iter().map(|group| (group.row, group.count, group.eyes())).collect();
    assert_eq!(heads, [(0, 3, "R L".to_owned()), (3, 1, "L".to_owned()), (4, 1, String::new())]);
    assert_eq!(list.patient(list.row(0).unwrap()).as_deref(), Some("Patient 2"));
}

#[test]
fn private_numbers_are_seen_by_who_asks_alone() {
    let mut list = Worklist::new(paths(&["a.dcm", "b.dcm", "c.dcm"]), SortBy::Patient);
    let private = |patient: &str| Identity { patient: patient.to_owned(), is_private: true, ..Identity::default() };
    let said = [("a.dcm", "Z99"), ("b.dcm", "A11"), ("c.dcm", "Z99")];
    list.files_say(said.map(|(name, patient)| (PathBuf::from(name), private(patient))).to_vec());
    let patients = |list: &Worklist| list.shown().filter_map(|item| list.patient(item)).collect::<Vec<_>>().join(" ");
    assert_eq!(patients(&list), "Patient 1 Patient 1 Patient 2");
    let find = |list: &mut Worklist, words: &str| {
        list.set_filter(Filter { words: words.to_owned(), ..Filter::default() });
        list.rows()
    };
    assert_eq!((find(&mut list, "z99"), find(&mut list, "patient 1")), (0, 2));
    list.show_names(true);
    assert_eq!(find(&mut list, "z99"), 2);
    assert_eq!(patients(&list), "Z99 Z99");
}

/// `list` with a label of each of the named pictures.
fn labelled(mut list: Worklist, truths: &[(&str, usize)]) -> Worklist {
    let truths = truths.iter().map(|(name, class)| (PathBuf::from(name), Truth::Class(*class)));
    list.set_truths(truths.collect());
    list
}

#[test]
fn mistakes_are_sorted_by_how_far_off_and_how_sure_they_are() {
    // b says 3 with 0.4, d says 3 with 0.6, a says 1 with 0.9, c says nothing yet.
    let mut list = labelled(list(), &[("a.png", 2), ("b.png", 0), ("d.png", 3), ("c.png", 4)]);
    let judged = |list: &Worklist, name: &str| list.classes().judged(list.get(Path::new(name)).unwrap());
    assert_eq!(judged(&list, "b.png"), Some(Judged { apart: 3, confidence: 0.4 }));
    assert_eq!((judged(&list, "d.png").unwrap().is_wrong(), judged(&list, "c.png")), (false, None));
    list.sort_by(SortBy::Apart, false);
    assert_eq!(names(&list), "badc");
    list.sort_by(SortBy::SurelyWrong, false);
    assert_eq!(names(&list), "abcd", "who is right has no place among the wrong");
    list.set_filter(Filter { only: vec![Only::Wrong], ..Filter::default() });
    assert_eq!(names(&list), "ab");
    for (name, agrees) in [("a.png", true), ("b.png", false), ("d.png", false)] {
        list.item_mut(Path::new(name)).unwrap().answer.as_mut().unwrap().agrees = Some(agrees);
    }
    list.set_filter(Filter::default());
    list.sort_by(SortBy::Mismatch, false);
    assert_eq!(names(&list), "bdac", "the wrong one of those whose map points elsewhere");
}

#[test]
fn a_cell_of_the_matrix_shows_its_pictures_alone() {
    let mut list = labelled(list(), &[("a.png", 2), ("b.png", 0), ("d.png", 0)]);
    let cell = |truth, said| MatrixCell { alone: None, truth, said };
    let mut found = |cell: MatrixCell| {
        list.set_filter(Filter { cell: Some(cell), ..Filter::default() });
        names(&list)
    };
    assert_eq!(found(cell(Some(0), Some(3))), "bd");
    assert_eq!((found(cell(Some(2), None)).as_str(), found(cell(None, Some(3))).as_str()), ("a", "bd"));
    assert_eq!(found(cell(Some(3), Some(3))), "");
    // Of grade 3 alone: it was said of two pictures and true of none.
    let alone = |truth, said| MatrixCell { alone: Some(3), truth, said };
    assert_eq!((found(alone(Some(0), Some(1))).as_str(), found(alone(Some(0), Some(0))).as_str()), ("bd", "a"));
    assert_eq!(found(alone(Some(1), None)), "");
}

#[test]
fn findings_are_judged_each_by_its_own_operating_point() {
    let mut list = Worklist::new(paths(&["a.png"]), SortBy::Given);
    let mut card = Library::open(&[]).unwrap().find("chexnet").unwrap().card.unwrap();
    card.output.operating_points = vec![0.5; card.classes.len()];
    card.output.operating_points[1] = 0.2;
    list.set_classes(Classes::of(&card));
    let mut probabilities = vec![0.0; card.classes.len()];
    (probabilities[0], probabilities[1], probabilities[2]) = (0.4, 0.3, 0.9);
    let said = Answer { class: 2, probability: 0.9, probabilities, ..answer(0, 0.0) };
    list.item_mut(Path::new("a.png")).unwrap().answer = Some(said);
    // The first is missed, the second is found rightly, the third is found where it is not, of the others nobody says.
    let mut truth = vec![None; card.classes.len()];
    (truth[0], truth[1], truth[2]) = (Some(true), Some(true), Some(false));
    list.set_truths([(PathBuf::from("a.png"), Truth::Findings(truth))].into());
    let item = list.row(0).unwrap();
    assert_eq!(list.classes().judged(item), Some(Judged { apart: 2, confidence: 0.9 }));
    let place = |alone| list.classes().place(item, Some(alone));
    assert_eq!((place(0), place(1), place(2), place(3)), (Some((1, 0)), Some((1, 1)), Some((0, 1)), None));
    assert_eq!(list.classes().place(item, None), None);
}

/// What the reader sees of a list.
fn seen(list: &Worklist) -> String {
    let item = |item: &Item| {
        let (place, judged) = (list.classes().place(item, None), list.classes().judged(item));
        let label = format!("{:?} {place:?} {judged:?}", item.seen_truth());
        format!("{} {:?} {} {label}", item.label, item.seen_answer(), item.disagrees())
    };
    let items: Vec<String> = list.shown().map(item).collect();
    format!("{items:?} {:?} {} {}", list.groups(), list.rows(), list.graded())
}

#[test]
fn worlds_that_differ_in_hidden_answers_alone_look_the_same() {
    let mut dice = 7_u64;
    let mut roll = |sides: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % sides
    };
    let all: Vec<PathBuf> =
        (0..40).map(|n| PathBuf::from(format!("{}_{}.png", n / 2, ["right", "left"][n % 2]))).collect();
    for _ in 0..200 {
        let mut worlds = [0, 1].map(|_| {
            let mut list = Worklist::new(all.clone(), SortBy::Given);
            list.set_classes(classes());
            list
        });
        for path in &all {
            let (is_hidden, is_read) = (roll(2) == 0, roll(2) == 0);
            let [one, other] = [0, 1].map(|_| {
                let mut answer = answer(roll(5) as usize, 0.3 + roll(60) as f32 / 100.0);
                (answer.is_refused, answer.gradable) =
                    (roll(4) == 0, [None, Some(true), Some(false)][roll(3) as usize]);
                answer.agrees = [None, Some(true), Some(false)][roll(3) as usize];
                (answer, (roll(3) > 0).then(|| Truth::Class(roll(5) as usize)))
            });
            let reading =
                Reading { class: is_read.then_some(roll(5) as usize), flagged: roll(3) == 0, ..Reading::default() };
            let answers = if is_hidden { [one, other] } else { [one.clone(), one] };
            for (world, (answer, truth)) in worlds.iter_mut().zip(answers) {
                let item = world.item_mut(path).unwrap();
                (item.answer, item.is_hidden, item.reading) = (Some(answer), is_hidden, Some(reading.clone()));
                item.truth = truth;
            }
        }
        for sort in SortBy::ALL {
            let reversed = roll(2) == 0;
            let mut filter = Filter::default();
            Only::ALL.into_iter().for_each(|only| filter.switch(only, roll(5) == 0));
            filter.grade = (roll(3) == 0).then_some(roll(5) as usize);
            let cell = MatrixCell {
                alone: (roll(3) == 0).then_some(roll(5) as usize),
                truth: (roll(2) == 0).then_some(roll(5) as usize),
                said: (roll(2) == 0).then_some(roll(5) as usize),
            };
            filter.cell = (roll(3) == 0).then_some(cell);
            filter.words = ["", "", "severe", "left", "mild"][roll(5) as usize].to_owned();
            let [one, other] = worlds.each_mut().map(|world| {
                world.sort_by(sort, reversed);
                world.set_filter(filter.clone());
                let next = world.neighbour(&all[3], true).map(|item| item.label.clone());
                (seen(world), next, world.from(Some(&all[5])).map(|item| item.label.clone()).collect::<Vec<_>>())
            });
            assert_eq!(one, other, "{sort:?} {filter:?}");
        }
    }
}

#[test]
fn a_list_of_ten_thousand_is_sorted_and_searched_at_once() {
    let all: Vec<PathBuf> =
        (0..10_000).map(|n| PathBuf::from(format!("/day/{}/{}.png", n / 2, ["right", "left"][n % 2]))).collect();
    let timed = |what: &str, work: &mut dyn FnMut()| {
        let start = Instant::now();
        work();
        let took = start.elapsed();
        assert!(took < Duration::from_secs(2), "{what}: {took:?}");
    };
    let mut made = None;
    timed("made", &mut || made = Some(Worklist::new(all.clone(), SortBy::Given)));
    let mut list = made.unwrap();
    list.set_classes(classes());
    for (n, path) in all.iter().enumerate() {
        list.item_mut(path).unwrap().answer = Some(answer(n % 5, 0.3 + (n % 60) as f32 / 100.0));
    }
    for sort in SortBy::ALL {
        timed(sort.name(), &mut || list.sort_by(sort, false));
    }
    timed("search", &mut || list.set_filter(Filter { words: "patient 12".to_owned(), ..Filter::default() }));
    assert!(list.rows() >= 222);
}
