//! README and book: every example is run, or at least parsed; links lead somewhere; pictures are small; the book is whole.
//!
//! A `sh` or `console` block is run line by line, as far as its lines call `fovea`, in a folder that holds stand-ins for
//! the files it names (`stage`). `no-run` in its info string says that it cannot be (it needs an archive, a GPU, hours);
//! clap parses it all the same. In a `console` block commands follow `$ `; what stands below them is held against what the
//! program prints, where `[..]` stands for any words and a line of `...` for any lines.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // A panic is how a test fails.
#![cfg_attr(not(unix), allow(dead_code))] // There no example is run.

#[path = "../common/mod.rs"]
mod common;
mod examples;
mod links;
mod pages;
mod pictures;
mod stage;
mod words;
