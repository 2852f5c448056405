//! Several pictures at once, their answers in the order of the list.
//!
//! Each picture goes its whole way on one thread: so one's panic, its memory and its files are its own. They overlap since
//! there are more of them than cores, and where something is scarce, as the network's device is, they take turns.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError, mpsc};

use anyhow::Result;

/// A picture that is evaluated takes some hundred megabytes: more at once than this would buy little.
const MOST_AT_ONCE: usize = 4;
/// Of pictures on their way to files, however many cores there are.
const MOST_IN_FLIGHT: usize = 32;

/// How many cores there are to work on.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// How many of `count` pictures go at once: while the network is busy with one, another is decoded or written.
pub fn at_once(count: usize) -> usize {
    cores().min(MOST_AT_ONCE).min(count).max(1)
}

/// How many of `count` pictures are on their way at once where they take turns with the network: one more than there are
/// cores, so that each has work while one waits.
pub fn in_flight(count: usize) -> usize {
    (cores() + 1).min(MOST_IN_FLIGHT).min(count).max(1)
}

/// How many passes of a network run at once on the cores: each is spread over several, though over some of its way over
/// one alone.
pub fn passes_at_once() -> usize {
    cores().div_ceil(4)
}

/// So many turns as may be had at the same time: a counting semaphore.
#[derive(Debug)]
pub struct Turns {
    free: Mutex<usize>,
    given_back: Condvar,
}

/// A turn, until it is dropped.
#[derive(Debug)]
pub struct Turn<'a>(&'a Turns);

impl Turns {
    pub fn new(at_once: usize) -> Self {
        Self { free: Mutex::new(at_once.max(1)), given_back: Condvar::new() }
    }

    /// Waits for a turn.
    pub fn take(&self) -> Turn<'_> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self.given_back.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Turn(self)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.given_back.notify_one();
    }
}

/// Does `one` for 0 to `count` on so many `threads`, and hands every answer to `take` in order. Once `is_asked` to stop
/// nothing new is begun, and what is under way is finished.
pub fn in_order<T: Send>(
    count: usize,
    threads: usize,
    one: impl Fn(usize) -> Result<T> + Sync,
    is_asked: impl Fn() -> bool + Sync,
    mut take: impl FnMut(Result<T>),
) {
    let (next, (answers, answered)) = (AtomicUsize::new(0), mpsc::channel());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (next, one, is_asked, answers) = (&next, &one, &is_asked, answers.clone());
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count || is_asked() || answers.send((index, one(index))).is_err() {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::panics;
    use anyhow::bail;

    #[test]
    fn answers_come_in_order_until_somebody_asks_to_stop() {
        let one = |index: usize| {
            std::thread::sleep(std::time::Duration::from_millis((7 * index as u64 + 3) % 5));
            match index {
                3 => bail!("bad"),
                _ => Ok(index),
            }
        };
        let mut found = Vec::new();
        in_order(9, 3, one, || false, |answer| found.push(answer.map_err(|error| error.to_string())));
        let good: Vec<usize> = found.iter().flatten().copied().collect();
        assert_eq!(good, [0, 1, 2, 4, 5, 6, 7, 8]);
        assert_eq!(found[3], Err("bad".to_owned()));
        let (begun, mut found) = (AtomicUsize::new(0), Vec::new());
        let one = |index: usize| {
            begun.fetch_add(1, Ordering::Relaxed);
            Ok(index)
        };
        in_order(99, 1, one, || begun.load(Ordering::Relaxed) >= 3, |answer| found.extend(answer));
        assert_eq!(found, [0, 1, 2], "what was begun is finished");
    }

    #[test]
    fn no_more_than_so_many_have_a_turn_and_a_panic_gives_it_back() {
        let (turns, holding, most) = (Turns::new(2), AtomicUsize::new(0), AtomicUsize::new(0));
        let one = |index: usize| {
            let held = || {
                let _turn = turns.take();
                most.fetch_max(holding.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(std::time::Duration::from_millis(2));
                holding.fetch_sub(1, Ordering::SeqCst);
                assert!(index % 3 != 1, "a bad picture");
                index
            };
            panics::caught(held).map_err(anyhow::Error::msg)
        };
        let mut found = Vec::new();
        // More panic than there are turns.
        in_order(20, 6, one, || false, |answer| found.push(answer.ok()));
        let expected: Vec<_> = (0..20).map(|index| Some(index).filter(|index| index % 3 != 1)).collect();
        assert_eq!(found, expected);
        assert!(most.into_inner() <= 2);
        assert_eq!(*turns.free.lock().unwrap(), 2, "all are given back");
    }

    #[test]
    fn all_that_were_begun_are_finished_after_a_stop() {
        let (begun, stopped) = (AtomicUsize::new(0), std::sync::Barrier::new(4));
        let one = |index: usize| {
            begun.fetch_add(1, Ordering::SeqCst);
            // All four are in flight before the first can end.
            stopped.wait();
            Ok(index)
        };
        let mut found = Vec::new();
        in_order(99, 4, one, || begun.load(Ordering::SeqCst) >= 4, |answer| found.extend(answer));
        assert_eq!(found, [0, 1, 2, 3]);
    }
}
