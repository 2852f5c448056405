//! Several pictures at once, their answers in the order of the list.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use anyhow::{Result, anyhow};

use crate::panics::caught;

/// A picture on its way takes some hundred megabytes: more at once than this would buy little.
const MOST_AT_ONCE: usize = 4;

/// How many of `count` pictures go at once: while the network is busy with one, another is decoded or written.
pub fn at_once(count: usize) -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(MOST_AT_ONCE).min(count).max(1)
}

/// Does `one` for 0 to `count` on so many `threads`, and hands every answer to `take` in order. What panics is an answer
/// too, and takes nothing else with it.
pub fn in_order<T: Send>(
    count: usize,
    threads: usize,
    one: impl Fn(usize) -> Result<T> + Sync,
    mut take: impl FnMut(Result<T>),
) {
    let (next, (answers, answered)) = (AtomicUsize::new(0), mpsc::channel());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (next, one, answers) = (&next, &one, answers.clone());
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count || answers.send((index, guarded(|| one(index)))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(answers);
        let (mut early, mut due) = (BTreeMap::new(), 0);
        for (index, answer) in answered {
            early.insert(index, answer);
            while let Some(answer) = early.remove(&due) {
                take(answer);
                due += 1;
            }
        }
    });
}

fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let failed = |reason| Err(anyhow!("a fault of the program, which goes on with the next: {reason}"));
    caught(work).unwrap_or_else(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    #[test]
    fn answers_come_in_order_and_nothing_takes_the_next_with_it() {
        let one = |index: usize| {
            std::thread::sleep(std::time::Duration::from_millis((7 * index as u64 + 3) % 5));
            match index {
                3 => bail!("bad"),
                4 => panic!("worse"),
                _ => Ok(index),
            }
        };
        let mut found = Vec::new();
        in_order(9, 3, one, |answer| found.push(answer.map_err(|error| error.to_string())));
        let good: Vec<usize> = found.iter().flatten().copied().collect();
        assert_eq!(good, [0, 1, 2, 5, 6, 7, 8]);
        assert_eq!(found[3], Err("bad".to_owned()));
        assert!(found[4].as_ref().is_err_and(|reason| reason.ends_with("the next: worse")));
    }
}
