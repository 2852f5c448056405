use std::collections::BTreeMap;
use std::sync::Mutex;

use super::answer::{Answer, Outcome};
use super::carrier::Carrier;
use super::queue::{Known, PictureState};
use super::*;
use crate::export::dicom::DicomObject;
use crate::pacs::{PacsError, Parcel};

const PACS: &str = "PACS@a:104";

/// Answers with two objects; a picture that says `deadly` ends the process, which a panic stands for here.
struct Fake;

impl Fake {
    fn objects(sha256: &str, endings: &[&str]) -> Vec<DicomObject> {
        let object = |ending: &&str| DicomObject {
            ending: (*ending).to_owned(),
            sop_class_uid: "1.2.3",
            sop_instance_uid: format!("2.25.{}.{ending}", &sha256[..8]),
            bytes: ending.as_bytes().to_vec(),
        };
        endings.iter().map(object).collect()
    }
}

impl Answers for Fake {
    fn answer(&mut self, path: &Path, sha256: &str) -> Result<Answer> {
        let text = std::fs::read_to_string(path)?;
        assert!(text != "deadly", "deadly");
        let objects = if text == "own" { Vec::new() } else { Self::objects(sha256, &["sc.dcm", "sr.dcm"]) };
        let outcome = if text == "own" { Outcome::OwnResult } else { Outcome::Explained };
        Ok(Answer { outcome, model: Some("mnist".to_owned()), objects, reason: None })
    }

    fn give_up(&mut self, _: &Path, sha256: &str) -> Result<Answer> {
        let objects = Self::objects(sha256, &["sr.dcm"]);
        Ok(Answer { outcome: Outcome::GivenUp, model: None, objects, reason: Some("it ended".to_owned()) })
    }
}

/// What an archive says to several objects.
type Said = Result<Vec<Result<(), PacsError>>, PacsError>;

/// An archive: how often each object came, and what it answers next.
#[derive(Default)]
struct Archive {
    came: Mutex<BTreeMap<String, usize>>,
    answers: Mutex<Vec<Said>>,
}

impl Carrier for Archive {
    fn carry(&self, parcels: &[Parcel], _: &dyn Fn() -> bool) -> Said {
        let answers = self.answers.lock().unwrap().pop();
        let answers = answers.unwrap_or_else(|| Ok(parcels.iter().map(|_| Ok(())).collect()))?;
        let taken = parcels.iter().zip(&answers).filter(|(_, answer)| answer.is_ok());
        taken.for_each(|(parcel, _)| {
            *self.came.lock().unwrap().entry(parcel.sop_instance_uid.clone()).or_default() += 1;
        });
        Ok(answers)
    }
}

fn away() -> PacsError {
    PacsError::Away { peer: "PACS".to_owned(), reason: "nobody there".to_owned() }
}

/// A node in a folder, whose threads are called by hand.
struct World {
    folder: tempfile::TempDir,
    queue: Queue,
    audit: Audit,
    live: Live,
    bell: Bell,
    stop: AtomicBool,
    say: Say,
    said: Arc<Mutex<Vec<String>>>,
    archive: Archive,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let queue = Queue::open(folder.path(), Bounds::default(), Duration::ZERO).unwrap();
        let audit = Audit::open(folder.path()).unwrap();
        let said: Arc<Mutex<Vec<String>>> = Arc::default();
        let into = Arc::clone(&said);
        let say: Say = Arc::new(move |line: &str| into.lock().unwrap().push(line.to_owned()));
        let (live, bell) = (Live::new([PACS.to_owned()]), Bell::default());
        Self { folder, queue, audit, live, bell, stop: AtomicBool::new(false), say, said, archive: Archive::default() }
    }

    /// The process ends and another begins.
    fn restarted(self) -> Self {
        let Self { folder, queue, audit, live, bell, stop, say, said, archive } = self;
        drop((queue, audit));
        let queue = Queue::open(folder.path(), Bounds::default(), Duration::ZERO).unwrap();
        let audit = Audit::open(folder.path()).unwrap();
        Self { folder, queue, audit, live, bell, stop, say, said, archive }
    }

    fn put(&self, content: &str) {
        let path = self.queue.arrivals().join("x");
        std::fs::write(&path, content).unwrap();
        self.queue.take(&path, Known::File).unwrap();
    }

    fn work(&self) -> bool {
        let working = Working {
            queue: &self.queue,
            audit: &self.audit,
            destinations: &[PACS.to_owned()],
            arrived: &self.bell,
            answered: &self.bell,
            live: &self.live,
            stop: &self.stop,
            say: &self.say,
        };
        worker::next(&working, &mut Fake).unwrap()
    }

    fn send(&self) -> sender::Round {
        let (queue, bell, live, stop, say) = (&self.queue, &self.bell, &self.live, &self.stop, &self.say);
        sender::round(&Sending { queue, bell, live, stop, say }, PACS, &self.archive).unwrap()
    }

    fn audit_lines(&self) -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(self.folder.path().join(AUDIT_NAME)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn done(&self) -> u64 {
        self.queue.in_state(PictureState::Done).unwrap()
    }
}

#[test]
fn a_picture_is_answered_sent_and_audited_once() {
    let world = World::new();
    world.put("picture");
    assert!(world.work() && !world.work());
    assert_eq!(world.send(), sender::Round::Sent);
    assert_eq!(world.send(), sender::Round::Nothing);
    world.put("picture");
    assert!(!world.work(), "it was here before");
    let came = world.archive.came.lock().unwrap().clone();
    assert_eq!((came.len(), came.values().sum::<usize>(), world.done()), (2, 2, 1));
    let lines = world.audit_lines();
    assert_eq!(
        (lines.len(), &lines[0]["outcome"], &lines[0]["destinations"][0]),
        (1, &"explained".into(), &PACS.into())
    );
}

#[test]
fn an_archive_that_is_away_gets_everything_later_and_nothing_twice() {
    let world = World::new();
    world.put("picture");
    world.work();
    // The stack is answered from its end: away, broken after the first object, back.
    *world.archive.answers.lock().unwrap() = vec![Ok(vec![Ok(()), Err(away())]), Err(away())];
    let away =
        |is_progress| sender::Round::Away { reason: "PACS cannot be reached: nobody there".to_owned(), is_progress };
    assert_eq!([world.send(), world.send(), world.send()], [away(false), away(true), sender::Round::Sent]);
    let came = world.archive.came.lock().unwrap().clone();
    assert_eq!((came.len(), came.values().sum::<usize>(), world.done()), (2, 2, 1));
}

#[test]
fn a_final_refusal_holds_up_nothing_else() {
    let world = World::new();
    world.put("picture");
    world.work();
    let peer = || "PACS".to_owned();
    let status = PacsError::Status { peer: peer(), status: 0xa900, meaning: "no".to_owned(), is_final: true };
    let class = PacsError::Refused { peer: peer(), reason: "no such class".to_owned() };
    *world.archive.answers.lock().unwrap() = vec![Ok(vec![Err(status), Err(class)])];
    assert_eq!(world.send(), sender::Round::Sent);
    world.put("another");
    world.work();
    assert_eq!([world.send(), world.send()], [sender::Round::Sent, sender::Round::Nothing]);
    let counts = world.queue.counts().unwrap();
    assert_eq!((counts.destinations[PACS].set_aside, counts.answered, world.done()), (2, 1, 1));
    assert_eq!(world.queue.retry(None).unwrap(), 2);
    assert_eq!((world.send(), world.done()), (sender::Round::Sent, 2));
}

#[test]
fn a_picture_that_ends_the_process_is_given_up_after_three_times() {
    let mut world = World::new();
    world.put("deadly");
    world.put("picture");
    for _ in 0..3 {
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world.work()));
        assert!(ended.is_err());
        world = world.restarted();
    }
    assert!(world.work() && world.work() && !world.work());
    let lines = world.audit_lines();
    let outcomes: Vec<&serde_json::Value> = lines.iter().map(|line| &line["outcome"]).collect();
    assert_eq!(outcomes, ["given-up", "explained"]);
    assert_eq!((&lines[0]["attempts"], &lines[0]["objects"]), (&4.into(), &1.into()));
}

#[test]
fn own_results_are_dropped_with_a_line_and_nothing_is_sent() {
    let world = World::new();
    world.put("own");
    world.work();
    assert_eq!((world.send(), world.done()), (sender::Round::Nothing, 1));
    assert_eq!(world.audit_lines()[0]["outcome"], "own-result");
    assert!(!world.work());
    assert_eq!(std::fs::read_dir(world.folder.path().join("pictures")).unwrap().count(), 0, "its file is gone");
}

#[test]
fn an_audit_line_that_a_kill_cut_off_is_written_once() {
    let world = World::new();
    world.put("picture");
    world.work();
    // Killed after the line, before the queue knew of it.
    let path = world.folder.path().join("queue.sqlite");
    let unknown = || {
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection.execute("UPDATE pictures SET is_audited = 0", []).unwrap();
    };
    unknown();
    let world = world.restarted();
    world.work();
    assert_eq!(world.audit_lines().len(), 1);
    // Killed in the middle of the line.
    unknown();
    let audit = world.folder.path().join(AUDIT_NAME);
    let whole = std::fs::read(&audit).unwrap();
    std::fs::write(&audit, &whole[..whole.len() / 2]).unwrap();
    let world = world.restarted();
    world.work();
    assert_eq!((std::fs::read(&audit).unwrap(), world.audit_lines().len()), (whole, 1));
}

#[test]
fn a_watched_file_is_taken_once_it_rests_and_once() {
    let world = World::new();
    let watched = tempfile::tempdir().unwrap();
    let mut watch = Watched::new(watched.path());
    let mut look = || watch.look(&world.queue, &world.say);
    assert_eq!(look(), 0);
    let file = watched.path().join("Doe^Jane.png");
    std::fs::write(&file, "beginning").unwrap();
    assert_eq!(look(), 0, "it may still grow");
    std::fs::write(&file, "beginning and end").unwrap();
    assert_eq!([look(), look(), look()], [0, 1, 0]);
    // The same content under another name, and a file that is no picture.
    std::fs::write(watched.path().join("copy.png"), "beginning and end").unwrap();
    std::fs::write(watched.path().join("notes.txt"), "text").unwrap();
    assert_eq!([look(), look(), look()], [0, 0, 0]);
    std::fs::write(&file, "another").unwrap();
    assert_eq!([look(), look()], [0, 1]);
    // A new start looks at all again, and takes none again.
    let mut after = Watched::new(watched.path());
    assert_eq!([after.look(&world.queue, &world.say), after.look(&world.queue, &world.say)], [0, 0]);
    drop(watched);
    assert_eq!([after.look(&world.queue, &world.say), after.look(&world.queue, &world.say)], [0, 0]);
    let said = world.said.lock().unwrap();
    assert_eq!(said.len(), 1, "that the folder is gone, once: {said:?}");
    assert!(!said[0].contains("Doe"));
    assert_eq!(world.queue.counts().unwrap().waiting, 2);
}

#[test]
fn figures_are_told_in_the_form_of_prometheus() {
    let world = World::new();
    world.put("picture");
    world.put("another");
    world.work();
    world.live.not_reached(PACS, 3, "nobody there".to_owned());
    let server = monitor::open(([127, 0, 0, 1], 0).into()).unwrap();
    let at = server.server_addr().to_ip().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| monitor::run(&server, &world.queue, &world.live, &world.stop));
        let status = monitor::ask(at).unwrap();
        assert_eq!((status.queue.waiting, status.queue.answered, status.reach[PACS].failures), (1, 1, 3));
        assert!(status.is_healthy && status.up_s.is_some());
        let get = |path: &str| {
            let config = ureq::Agent::config_builder().http_status_as_error(false).build();
            let mut response = ureq::Agent::new_with_config(config).get(format!("http://{at}{path}")).call().unwrap();
            (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
        };
        let (code, text) = get("/metrics");
        assert_eq!(code, 200);
        let is_fine = |line: &str| {
            let value = line.rsplit_once(' ').and_then(|(_, value)| value.parse::<u64>().ok());
            line.starts_with("# ") || (line.starts_with("fovea_") && value.is_some())
        };
        assert!(text.lines().all(is_fine), "{text}");
        for line in [
            "fovea_pictures_total{outcome=\"explained\"} 1",
            "fovea_pictures_waiting 1",
            "fovea_objects_waiting{destination=\"PACS@a:104\"} 2",
            "fovea_destination_failures{destination=\"PACS@a:104\"} 3",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
        assert_eq!((get("/healthz").0, get("/other").0), (200, 404));
        world.live.fault(Some("the disk is full".to_owned()));
        let (code, text) = get("/healthz");
        assert_eq!((code, text.trim()), (503, "the disk is full"));
        world.stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn what_cannot_work_is_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let settings = |watch: Option<&Path>, out: &[&Path]| NodeSettings {
        folder: folder.path().join("node"),
        receive: None,
        watch: watch.map(Path::to_owned),
        destinations: out.iter().map(|out| Destination::Folder((*out).to_owned())).collect(),
        peers: Vec::new(),
        patience: Patience::default(),
        models: Models { names: vec![AUTO.to_owned()], folders: Vec::new(), device: crate::network::DeviceChoice::Cpu },
        profile: Profile::Kept,
        is_silent: false,
        bounds: Bounds::default(),
        keep: Duration::ZERO,
        limit_bytes: 1 << 30,
        monitor: None,
    };
    let says = |watch, out: &[&Path]| check(&settings(watch, out)).unwrap_err().to_string();
    let (inside, outside) = (folder.path().join("in"), folder.path().join("out"));
    std::fs::create_dir(&inside).unwrap();
    assert!(says(None, &[&outside]).contains("--watch"));
    assert!(says(Some(&inside), &[]).contains("--to"));
    assert!(says(Some(&inside), &[&outside, &outside]).contains("twice"));
    assert!(says(Some(&inside), &[&inside.canonicalize().unwrap().join("results")]).contains("watched"));
    assert!(says(Some(&outside), &[&inside]).contains("cannot be watched"));
    assert!(check(&settings(Some(&inside), &[&outside])).is_ok());
}
