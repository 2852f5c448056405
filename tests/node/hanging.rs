//! An archive that takes a connection and then says nothing.

use std::net::TcpListener;

use super::*;

#[test]
fn an_archive_that_hangs_holds_no_end_up() {
    let (folder, sources) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log: Arc<Mutex<Vec<String>>> = Arc::default();
    // Of DIMSE and of DICOMweb: connections are made, and nothing is ever said.
    let [dimse, web] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let address = |listener: &TcpListener| listener.local_addr().unwrap();
    let (to, to_web) = (format!("{}:ARCHIVE", address(&dimse)), format!("http://{}/dicom-web", address(&web)));
    let options = ["--port", "0", "--listen", "127.0.0.1", "--model", "mnist", "--to", &to, "--to-web", &to_web];
    let node = Node::start(folder.path(), &log, &options);
    let sent = client::store(&node.peer(), &[picture(sources.path(), 1)], Patience::default(), &|| true).unwrap();
    assert!(sent.iter().all(Result::is_ok), "{sent:?}");
    // Both senders wait for a word.
    let _waiting = [dimse, web].map(|listener| listener.accept().unwrap().0);
    let began = Instant::now();
    node.end();
    // Without a stop it would be a minute for each answer.
    assert!(began.elapsed() < Duration::from_secs(45), "{:?}", began.elapsed());
    let lines = log.lock().unwrap();
    assert!(lines.iter().any(|line| line.contains("1 answers are not sent everywhere")), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains("next attempt")), "nobody is to blame: {lines:#?}");
}
