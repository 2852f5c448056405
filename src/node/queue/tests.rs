use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

const PACS: &str = "PACS@a:104";
const OTHER: &str = "OTHER@b:104";

fn bounds(most_pictures: u64, most_bytes: u64) -> Bounds {
    Bounds { most_pictures, most_bytes }
}

fn open(folder: &TempDir) -> Queue {
    Queue::open(folder.path(), Bounds::default(), Duration::ZERO).unwrap()
}

/// A file that has just arrived.
fn file(queue: &Queue, content: &str) -> PathBuf {
    let path = queue.arrivals().join("x");
    std::fs::write(&path, content).unwrap();
    path
}

fn object(uid: &str) -> Known<'_> {
    Known::Object { sop_instance_uid: uid, transfer_syntax_uid: "1.2.840.10008.1.2.1" }
}

fn put(queue: &Queue, uid: &str, content: &str) -> Taken {
    queue.take(&file(queue, content), object(uid)).unwrap()
}

/// Two objects.
fn answer(queue: &Queue, job: &Job, destinations: &[&str]) {
    let objects: [(&str, &str, &str, &[u8]); 2] =
        [("sc.dcm", "1.2.3", "1.2.3.1", b"first"), ("sr.dcm", "1.2.4", "1.2.4.1", b"second")];
    let answered = Answered { outcome: "explained", model: Some("mnist"), took_ms: 5, objects: &objects };
    let destinations: Vec<String> = destinations.iter().map(|name| (*name).to_owned()).collect();
    queue.answer(job, &answered, &destinations).unwrap();
}

fn all_sent(queue: &Queue, destination: &str) -> usize {
    let due = queue.due(destination, 99).unwrap();
    let fates: Vec<(&Delivery, Fate)> = due.iter().map(|delivery| (delivery, Fate::Sent)).collect();
    queue.delivered(destination, &fates).unwrap();
    due.len()
}

fn audit(queue: &Queue) {
    queue.unaudited().unwrap().iter().for_each(|settled| queue.audited(settled.id).unwrap());
}

fn states(queue: &Queue) -> [u64; 3] {
    [PictureState::Arrived, PictureState::Answered, PictureState::Done].map(|state| queue.in_state(state).unwrap())
}

fn files(folder: &TempDir) -> Vec<String> {
    let parts = ["pictures", "results", "arrivals"].map(|part| folder.path().join(part));
    let entries = parts.iter().flat_map(|part| std::fs::read_dir(part).unwrap());
    let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_picture_goes_through_its_states_and_leaves_only_hashes() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(&folder);
    assert_eq!(put(&queue, "1.2.840.99", "picture of Doe^Jane"), Taken::New(1));
    assert_eq!((states(&queue), files(&folder)), ([1, 0, 0], vec!["1".to_owned()]));
    let job = queue.begin().unwrap().unwrap();
    assert_eq!((job.id, job.attempts), (1, 1));
    answer(&queue, &job, &[PACS, OTHER]);
    assert_eq!((states(&queue), queue.begin().unwrap()), ([0, 1, 0], None));
    let due = queue.due(PACS, 99).unwrap();
    let uids: Vec<&str> = due.iter().map(|delivery| delivery.parcel.sop_instance_uid.as_str()).collect();
    assert_eq!(uids, ["1.2.3.1", "1.2.4.1"]);
    assert_eq!(std::fs::read(&due[0].parcel.file).unwrap(), b"first");
    assert_eq!(all_sent(&queue, PACS), 2);
    assert_eq!((states(&queue), queue.due(PACS, 99).unwrap().len()), ([0, 1, 0], 0));
    assert_eq!(all_sent(&queue, OTHER), 2);
    assert_eq!(states(&queue), [0, 0, 1]);
    // Not before the audit has its line.
    queue.tidy().unwrap();
    assert_eq!(files(&folder).len(), 3);
    let settled = queue.unaudited().unwrap().remove(0);
    assert_eq!((settled.objects, settled.destinations.len(), settled.outcome.as_str()), (2, 2, "explained"));
    audit(&queue);
    queue.tidy().unwrap();
    assert!(files(&folder).is_empty(), "{:?}", files(&folder));
    assert!(queue.knows("1.2.840.99").unwrap() && !queue.knows("1.2.840.98").unwrap());
    drop(queue);
    for entry in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap).filter(|e| e.path().is_file()) {
        let bytes = std::fs::read(entry.path()).unwrap();
        for secret in ["Doe", "1.2.840.99"] {
            let is_there = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!is_there, "{secret} in {:?}", entry.file_name());
        }
    }
}

#[test]
fn what_comes_again_is_not_answered_again_and_what_has_changed_is() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(&folder);
    assert_eq!(put(&queue, "1.2", "a"), Taken::New(1));
    assert_eq!(put(&queue, "1.2", "a"), Taken::Again);
    assert_eq!(put(&queue, "1.2\0", "a"), Taken::Again, "UIDs are padded with a zero");
    assert_eq!(put(&queue, "1.2", "b"), Taken::New(2));
    assert_eq!(put(&queue, "1.3", "a"), Taken::New(3));
    assert_eq!(files(&folder), ["1", "2", "3"]);
    // A file's head is its writer's; the object is what follows.
    let head = |writer: u8| {
        let mut bytes = vec![0; 128];
        bytes.extend(b"DICM\x02\0\0\0UL\x04\0\x04\0\0\0");
        bytes.extend([writer; 4]);
        bytes.extend(b"data set");
        let path = queue.arrivals().join("x");
        std::fs::write(&path, bytes).unwrap();
        path
    };
    assert_eq!(queue.take(&head(1), object("1.4")).unwrap(), Taken::New(4));
    assert_eq!(queue.take(&head(2), object("1.4")).unwrap(), Taken::Again);
    let other = Known::Object { sop_instance_uid: "1.4", transfer_syntax_uid: "1.2.840.10008.1.2.2" };
    assert_eq!(queue.take(&head(2), other).unwrap(), Taken::New(5), "written otherwise it is another");
    assert_eq!(queue.take(&file(&queue, "photograph"), Known::File).unwrap(), Taken::New(6));
    assert_eq!(queue.take(&file(&queue, "photograph"), Known::File).unwrap(), Taken::Again);
    // After it is done, too.
    while let Some(job) = queue.begin().unwrap() {
        answer(&queue, &job, &[]);
    }
    audit(&queue);
    queue.tidy().unwrap();
    assert!(files(&folder).is_empty());
    assert_eq!(put(&queue, "1.2", "b"), Taken::Again);
}

#[test]
fn a_full_queue_takes_nothing_until_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let queue = Queue::open(folder.path(), bounds(2, 1000), Duration::ZERO).unwrap();
    assert_eq!([put(&queue, "1", "a"), put(&queue, "2", "b")], [Taken::New(1), Taken::New(2)]);
    assert!(!queue.has_room().unwrap() && queue.counts().unwrap().is_full());
    assert_eq!(put(&queue, "3", "c"), Taken::Full);
    assert_eq!(put(&queue, "2", "b"), Taken::Again, "what is here needs no room");
    let job = queue.begin().unwrap().unwrap();
    answer(&queue, &job, &[PACS]);
    assert!(!queue.has_room().unwrap(), "an answer that was not sent takes room, too");
    all_sent(&queue, PACS);
    assert!(queue.has_room().unwrap());
    assert_eq!(put(&queue, "3", "c"), Taken::New(3));
    drop(queue);
    let small = Queue::open(folder.path(), bounds(9, 2), Duration::ZERO).unwrap();
    assert_eq!(put(&small, "4", "d"), Taken::Full, "two bytes wait already");
}

/// The process ends at each point: by dropping the queue, which tells the disk nothing more.
#[test]
fn what_a_killed_process_left_is_taken_up() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(&folder);
    put(&queue, "1", "a");
    // Half-sent, moved without a row, answered without a row.
    std::fs::write(queue.arrivals().join("half"), "ha").unwrap();
    std::fs::write(folder.path().join("pictures/77"), "no row").unwrap();
    std::fs::write(folder.path().join("results/ab-77.sc.dcm"), "no row").unwrap();
    drop(queue);
    let queue = open(&folder);
    assert_eq!((states(&queue), files(&folder)), ([1, 0, 0], vec!["1".to_owned()]));
    // Begun, and killed.
    let job = queue.begin().unwrap().unwrap();
    drop(queue);
    let queue = open(&folder);
    let again = queue.begin().unwrap().unwrap();
    assert_eq!((again.id, again.attempts, &again.sha256), (job.id, 2, &job.sha256));
    // Not its fault: does not count.
    queue.put_back(&job).unwrap();
    let again = queue.begin().unwrap().unwrap();
    assert_eq!(again.attempts, 2);
    answer(&queue, &again, &[PACS, OTHER]);
    drop(queue);
    let queue = open(&folder);
    assert_eq!((states(&queue), queue.unaudited().unwrap().len()), ([0, 1, 0], 1));
    assert_eq!(queue.due(PACS, 99).unwrap().len(), 2);
    // One of two sent.
    let due = queue.due(PACS, 1).unwrap();
    queue.delivered(PACS, &[(&due[0], Fate::Sent)]).unwrap();
    drop(queue);
    let queue = open(&folder);
    let left = queue.due(PACS, 99).unwrap();
    assert_eq!((left.len(), left[0].parcel.sop_instance_uid.as_str()), (1, "1.2.4.1"));
    all_sent(&queue, PACS);
    all_sent(&queue, OTHER);
    audit(&queue);
    drop(queue);
    // Done, its files not yet removed.
    let queue = open(&folder);
    assert_eq!((states(&queue), files(&folder).len()), ([0, 0, 1], 3));
    queue.tidy().unwrap();
    assert!(files(&folder).is_empty());
}

#[test]
fn files_of_what_is_done_are_kept_as_long_as_is_wished() {
    let folder = tempfile::tempdir().unwrap();
    let queue = Queue::open(folder.path(), Bounds::default(), Duration::from_secs(86_400)).unwrap();
    put(&queue, "1", "a");
    let job = queue.begin().unwrap().unwrap();
    answer(&queue, &job, &[PACS]);
    all_sent(&queue, PACS);
    audit(&queue);
    queue.tidy().unwrap();
    assert_eq!(files(&folder).len(), 3);
    drop(queue);
    open(&folder).tidy().unwrap();
    assert!(files(&folder).is_empty());
}

#[test]
fn a_refusal_is_set_aside_and_sent_again_on_demand() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(&folder);
    put(&queue, "1", "a");
    answer(&queue, &queue.begin().unwrap().unwrap(), &[PACS]);
    let due = queue.due(PACS, 99).unwrap();
    let reason = "0xa900".to_owned();
    let later = Fate::Later { after: Duration::from_secs(60), reason: "0xa700".to_owned() };
    queue.delivered(PACS, &[(&due[0], Fate::SetAside { reason }), (&due[1], later)]).unwrap();
    assert!(queue.due(PACS, 99).unwrap().is_empty(), "one waits a minute, the other for somebody");
    let counts = queue.counts().unwrap();
    let at = &counts.destinations[PACS];
    assert_eq!((at.open, at.set_aside, at.reason.as_deref(), counts.answered), (1, 1, Some("0xa900"), 1));
    let node = Queue::touch(folder.path()).unwrap().unwrap();
    assert_eq!((node.retry(Some(OTHER)).unwrap(), node.retry(None).unwrap()), (0, 1));
    assert_eq!(queue.due(PACS, 99).unwrap().len(), 1);
    // A clock that was set back by a day holds nothing up.
    let far = now_ms() + 86_400_000;
    queue.lock().execute("UPDATE deliveries SET due_ms = ?1", [far]).unwrap();
    assert_eq!(queue.due(PACS, 99).unwrap().len(), 2);
    assert_eq!((node.give_up(PACS).unwrap(), states(&queue)), (2, [0, 0, 1]));
}

#[test]
fn no_two_nodes_work_in_one_folder_and_no_foreign_file_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(&folder);
    let second = Queue::open(folder.path(), Bounds::default(), Duration::ZERO);
    assert!(matches!(second, Err(QueueError::InUse(_))));
    assert!(Queue::look(folder.path()).unwrap().unwrap().counts().is_ok(), "looking disturbs nobody");
    drop(queue);
    drop(open(&folder));
    let other = tempfile::tempdir().unwrap();
    assert!(Queue::look(other.path()).unwrap().is_none());
    std::fs::write(other.path().join(DATABASE), "somebody's own text, longer than a page's head").unwrap();
    let refused = Queue::open(other.path(), Bounds::default(), Duration::ZERO);
    assert!(matches!(refused, Err(QueueError::Foreign { .. })));
    assert!(std::fs::read(other.path().join(DATABASE)).unwrap().starts_with(b"somebody"));
}

#[test]
fn many_senders_at_once_get_each_its_own_number() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(&folder);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let queue = &queue;
            scope.spawn(move || {
                for number in 0..5 {
                    let path = queue.arrivals().join(format!("{thread}-{number}"));
                    std::fs::write(&path, format!("{number}")).unwrap();
                    let uid = format!("1.{number}");
                    queue.take(&path, object(&uid)).unwrap();
                }
            });
        }
    });
    let counts = queue.counts().unwrap();
    assert_eq!((counts.waiting, counts.totals["arrived"], counts.totals["again"]), (5, 5, 15));
    assert_eq!(files(&folder).len(), 5);
}
