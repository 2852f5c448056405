use super::*;

fn by(model: &str) -> AnsweredBy {
    AnsweredBy { model: model.to_owned(), rules: "r".to_owned(), classes: 2 }
}

fn answer(model: &str, probability: f32) -> Answer {
    Answer {
        model: model.to_owned(),
        class: 1,
        probability,
        probabilities: vec![1.0 - probability, probability],
        headline: "Referable: yes".to_owned(),
        gradable: Some(true),
        is_refused: false,
        agrees: None,
    }
}

struct Place {
    folder: tempfile::TempDir,
    picture: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let picture = folder.path().join("a.png");
        std::fs::write(&picture, "pixels").unwrap();
        Self { folder, picture }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("deep/results.sqlite")
    }

    fn results(&self) -> Results {
        Results::at(self.file())
    }
}

#[test]
fn what_was_said_comes_back_for_the_same_file_model_and_rules_alone() {
    let place = Place::new();
    place.results().put(&place.picture, "p", &by("m"), &answer("m", 0.75));
    let again = place.results();
    assert_eq!(again.get("p", &by("m")), Some(answer("m", 0.75)));
    assert_eq!(again.recall(&place.picture, &by("m")), Some(answer("m", 0.75)));
    assert_eq!(again.get("q", &by("m")), None);
    assert_eq!(again.get("p", &by("n")), None);
    assert_eq!(again.get("p", &AnsweredBy { rules: "s".to_owned(), ..by("m") }), None);
    // A model of as many classes as the answer has, or it is none of its answers.
    assert_eq!(again.get("p", &AnsweredBy { classes: 3, ..by("m") }), None);
    std::fs::write(&place.picture, "others").unwrap();
    assert_eq!(again.recall(&place.picture, &by("m")), None, "the file has changed");
    assert_eq!(again.size().0, 1);
    again.clear().unwrap();
    assert_eq!((again.size().0, again.get("p", &by("m"))), (0, None));
}

#[test]
fn a_damaged_or_foreign_file_is_set_aside() {
    for content in ["no database at all, but long enough to be one".repeat(40), String::from("short")] {
        let place = Place::new();
        std::fs::create_dir_all(place.file().parent().unwrap()).unwrap();
        std::fs::write(place.file(), &content).unwrap();
        let results = place.results();
        results.put(&place.picture, "p", &by("m"), &answer("m", 0.75));
        assert_eq!(results.get("p", &by("m")), Some(answer("m", 0.75)));
        let aside = place.file().with_extension("damaged.sqlite");
        assert_eq!(std::fs::read_to_string(aside).unwrap(), content);
    }
    let place = Place::new();
    std::fs::create_dir_all(place.file().parent().unwrap()).unwrap();
    Connection::open(place.file()).unwrap().execute_batch("CREATE TABLE answers (mine TEXT)").unwrap();
    place.results().put(&place.picture, "p", &by("m"), &answer("m", 0.75));
    assert!(place.file().with_extension("damaged.sqlite").exists());
    assert_eq!(place.results().size().0, 1);
}

#[test]
fn damage_in_the_middle_is_found_or_set_aside_and_never_believed() {
    let place = Place::new();
    let results = place.results();
    for n in 0..400 {
        results.put(&place.picture, &format!("p{n}"), &by("m"), &answer("m", 0.75));
    }
    drop(results);
    let whole = std::fs::read(place.file()).unwrap();
    for at in (200..whole.len()).step_by(whole.len() / 60) {
        let mut damaged = whole.clone();
        damaged[at..(at + 90).min(whole.len())].fill(0xA5);
        std::fs::write(place.file(), &damaged).unwrap();
        let results = place.results();
        for n in 0..400 {
            let found = results.get(&format!("p{n}"), &by("m"));
            assert!(found.is_none() || found == Some(answer("m", 0.75)), "at {at}: {found:?}");
        }
        results.put(&place.picture, "new", &by("m"), &answer("m", 0.5));
        drop(results);
        let _ = std::fs::remove_file(place.file().with_extension("damaged.sqlite"));
    }
}

#[test]
fn the_oldest_go_when_there_are_too_many() {
    let place = Place::new();
    let results = place.results();
    results.put(&place.picture, "p", &by("m"), &answer("m", 0.75));
    results
        .with(|connection| {
            let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
                INSERT INTO answers SELECT randomblob(32), '{}', i FROM n";
            connection.execute(fill, params![MOST_ROWS + 100])
        })
        .unwrap();
    results.lock().written = 0;
    results.put(&place.picture, "q", &by("m"), &answer("m", 0.75));
    assert_eq!(results.size().0, MOST_ROWS);
    assert!(results.get("p", &by("m")).is_some() && results.get("q", &by("m")).is_some());
    assert!(results.size().1 <= MOST_BYTES as u64);
}

#[test]
fn a_full_file_makes_room() {
    let place = Place::new();
    let results = place.results();
    results.put(&place.picture, "p", &by("m"), &answer("m", 0.75));
    results
        .with(|connection| {
            let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
                INSERT INTO answers SELECT randomblob(32), hex(randomblob(4000)), i FROM n";
            connection.execute(fill, [])?;
            let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            connection.pragma_update(None, "max_page_count", pages)
        })
        .unwrap();
    for n in 0..50 {
        results.put(&place.picture, &format!("q{n}"), &by("m"), &answer("m", 0.75));
    }
    assert!(results.get("q49", &by("m")).is_some(), "the oldest gave way");
}

/// Not a test: what the one below kills.
#[test]
#[ignore = "goes on until it is killed"]
fn writes_without_end() {
    let Some(file) = std::env::var_os("FOVEA_RESULTS_FILE") else { return };
    let results = Results::at(PathBuf::from(&file));
    for n in 0.. {
        results.put(Path::new(&file), &format!("p{}", n % 5000), &by("m"), &answer("m", 0.75));
    }
}

#[test]
fn whoever_is_killed_while_writing_leaves_a_whole_file() {
    let place = Place::new();
    let name = concat!(module_path!(), "::writes_without_end");
    let (_, name) = name.split_once("::").unwrap();
    let mut kept = 0;
    for n in 0..12 {
        let mut writer = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--ignored"])
            .env("FOVEA_RESULTS_FILE", place.file())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(150 + 37 * n));
        writer.kill().unwrap();
        writer.wait().unwrap();
        let results = place.results();
        let rows = results.size().0;
        assert!(rows >= kept, "{rows} of {kept}");
        kept = rows;
        if rows > 0 {
            assert_eq!(results.get("p0", &by("m")), Some(answer("m", 0.75)));
        }
        assert!(!place.file().with_extension("damaged.sqlite").exists());
    }
    assert!(kept > 0, "something was written");
}
