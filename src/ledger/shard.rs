//! Which part of all pictures one process does.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// More parts than this are a slip of the hand.
pub const MOST_SHARDS: u32 = 1_000_000;
/// Says how many shards there are where an engine does not.
pub const COUNT_VARIABLE: &str = "FOVEA_SHARDS";

/// Part `index` of `count`, counted from 1. Which pictures it holds follows from their paths alone: all machines agree, and a
/// picture that is added moves no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    count: u32,
}

/// Why it cannot be said which shard is meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    #[error("give I/N with I from 1 to N, like 3/20, or auto")]
    Words,
    #[error("shard {index} of {count}: it must lie between 1 and {count}, and {count} at most {MOST_SHARDS}")]
    Outside { index: u64, count: u64 },
    #[error(
        "--shard auto: no engine says which part this is; looked for SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX and \
         PARALLEL_SEQ; give --shard I/N"
    )]
    NoEngine,
    #[error("--shard auto: both {0} and {1} are set, and which one counts is not clear; give --shard I/N")]
    TwoEngines(&'static str, &'static str),
    #[error("--shard auto: {variable} is `{value}`, which is no number")]
    NoNumber { variable: &'static str, value: String },
    #[error("--shard auto: {0} says which part this is, and nothing of how many; set {COUNT_VARIABLE}")]
    NoCount(&'static str),
    #[error(
        "--shard auto: the array's numbers do not begin at 0 or 1 without a gap, so that they do not say which part this \
         is; set {COUNT_VARIABLE} to the number of all shards, which are then counted from 1"
    )]
    Gaps,
}

/// How an engine numbers its tasks.
struct Engine {
    variable: &'static str,
    /// Of the first task.
    first: u64,
    /// Where it says how many there are.
    count: Option<&'static str>,
}

const SLURM: Engine = Engine { variable: "SLURM_ARRAY_TASK_ID", first: 1, count: None };
const KUBERNETES: Engine = Engine { variable: "JOB_COMPLETION_INDEX", first: 0, count: Some("JOB_COMPLETIONS") };
const PARALLEL: Engine = Engine { variable: "PARALLEL_SEQ", first: 1, count: None };

impl Shard {
    /// All pictures.
    pub const WHOLE: Self = Self { index: 1, count: 1 };

    /// # Errors
    /// An index that is not from 1 to `count`.
    pub fn new(index: u64, count: u64) -> Result<Self, ShardError> {
        let outside = ShardError::Outside { index, count };
        if index == 0 || index > count || count > u64::from(MOST_SHARDS) {
            return Err(outside);
        }
        match (u32::try_from(index), u32::try_from(count)) {
            (Ok(index), Ok(count)) => Ok(Self { index, count }),
            _ => Err(outside),
        }
    }

    pub fn index(self) -> u32 {
        self.index
    }

    pub fn count(self) -> u32 {
        self.count
    }

    /// As the engine's variables say, which `look` looks up. [`COUNT_VARIABLE`] goes before an engine's own count.
    ///
    /// # Errors
    /// No engine, two of them, or one whose numbers do not say which part this is.
    pub fn from_engine(look: impl Fn(&str) -> Option<String>) -> Result<Self, ShardError> {
        let number = |variable: &'static str| -> Result<Option<u64>, ShardError> {
            let Some(value) = look(variable).filter(|value| !value.is_empty()) else { return Ok(None) };
            value.trim().parse().map(Some).map_err(|_| ShardError::NoNumber { variable, value })
        };
        let mut found = None;
        for engine in [SLURM, KUBERNETES, PARALLEL] {
            match (number(engine.variable)?, &found) {
                (Some(own), None) => found = Some((engine, own)),
                (Some(_), Some((other, _))) => return Err(ShardError::TwoEngines(other.variable, engine.variable)),
                (None, _) => {}
            }
        }
        let (engine, own) = found.ok_or(ShardError::NoEngine)?;
        let count = number(COUNT_VARIABLE)?;
        if engine.variable == SLURM.variable && count.is_none() {
            return Self::of_slurm(own, number);
        }
        let count = match (count, engine.count) {
            (Some(count), _) => count,
            (None, Some(variable)) => number(variable)?.ok_or(ShardError::NoCount(engine.variable))?,
            (None, None) => return Err(ShardError::NoCount(engine.variable)),
        };
        let outside = ShardError::Outside { index: own, count };
        Self::new(position(own, engine.first).ok_or(outside)?, count)
    }

    /// Slurm numbers tasks as its user likes, and says so.
    fn of_slurm(
        own: u64,
        number: impl Fn(&'static str) -> Result<Option<u64>, ShardError>,
    ) -> Result<Self, ShardError> {
        let no_count = || ShardError::NoCount(SLURM.variable);
        let count = number("SLURM_ARRAY_TASK_COUNT")?.ok_or_else(no_count)?;
        let least = number("SLURM_ARRAY_TASK_MIN")?.ok_or_else(no_count)?;
        let most = number("SLURM_ARRAY_TASK_MAX")?.unwrap_or_else(|| least.saturating_add(count).saturating_sub(1));
        // `--array=3,7` does part of an earlier split again: of how many parts, nothing says.
        if least > 1 || most.checked_sub(least).is_none_or(|gap| gap.saturating_add(1) != count) {
            return Err(ShardError::Gaps);
        }
        let outside = ShardError::Outside { index: own, count };
        Self::new(position(own, least).ok_or(outside)?, count)
    }

    /// Whether this part holds the picture at `path_below` the folder that was named, with `/` between its parts.
    pub fn holds(self, path_below: &str) -> bool {
        let digest = Sha256::digest(path_below.as_bytes());
        let first = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        first % u64::from(self.count) == u64::from(self.index - 1)
    }

    /// What the shard's files are called: `0003-of-0020`.
    pub fn name(self) -> String {
        format!("{:04}-of-{:04}", self.index, self.count)
    }

    /// From the name of one of its files.
    pub fn of_name(name: &str) -> Option<Self> {
        let (stem, _) = name.split_once('.')?;
        let shard: Self = stem.parse().ok()?;
        (shard.name() == stem).then_some(shard)
    }
}

/// Counted from 1.
fn position(own: u64, first: u64) -> Option<u64> {
    own.checked_sub(first)?.checked_add(1)
}

impl FromStr for Shard {
    type Err = ShardError;

    /// `3/20`, or as Snakemake's `scatteritem` has it, `3-of-20`.
    fn from_str(text: &str) -> Result<Self, ShardError> {
        let (index, count) = text.split_once('/').or_else(|| text.split_once("-of-")).ok_or(ShardError::Words)?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| ShardError::Words);
        Self::new(number(index)?, number(count)?)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auto(variables: &[(&str, &str)]) -> Result<Shard, ShardError> {
        Shard::from_engine(|name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_shard_is_read_from_words() {
        let shard: Shard = "3/20".parse().unwrap();
        assert_eq!((shard.index(), shard.count(), shard.name().as_str()), (3, 20, "0003-of-0020"));
        assert_eq!("3-of-20".parse(), Ok(shard));
        assert_eq!(Shard::of_name("0003-of-0020.part.jsonl"), Some(shard));
        assert_eq!(Shard::of_name("3-of-20.jsonl"), None);
        for text in ["", "3", "x/3", "-1/3", "3/", "1/2/3", "auto"] {
            assert_eq!(text.parse::<Shard>(), Err(ShardError::Words), "{text}");
        }
        for text in ["0/3", "4/3", "0/0", "1/18446744073709551615"] {
            assert!(matches!(text.parse::<Shard>(), Err(ShardError::Outside { .. })), "{text}");
        }
    }

    #[test]
    fn engines_say_which_part_this_is() {
        let slurm = |id, min, max, count| {
            auto(&[
                ("SLURM_ARRAY_TASK_ID", id),
                ("SLURM_ARRAY_TASK_MIN", min),
                ("SLURM_ARRAY_TASK_MAX", max),
                ("SLURM_ARRAY_TASK_COUNT", count),
            ])
        };
        assert_eq!(slurm("3", "1", "20", "20"), Shard::new(3, 20));
        assert_eq!(slurm("0", "0", "19", "20"), Shard::new(1, 20));
        // Some of an earlier split once more, and every second number.
        assert_eq!(slurm("7", "3", "7", "2"), Err(ShardError::Gaps));
        assert_eq!(slurm("3", "1", "39", "20"), Err(ShardError::Gaps));
        let again = [("SLURM_ARRAY_TASK_ID", "7"), ("SLURM_ARRAY_TASK_COUNT", "2"), ("FOVEA_SHARDS", "20")];
        assert_eq!(auto(&again), Shard::new(7, 20));
        assert_eq!(auto(&[("JOB_COMPLETION_INDEX", "0"), ("FOVEA_SHARDS", "20")]), Shard::new(1, 20));
        assert_eq!(auto(&[("JOB_COMPLETION_INDEX", "19"), ("JOB_COMPLETIONS", "20")]), Shard::new(20, 20));
        assert_eq!(auto(&[("PARALLEL_SEQ", "20"), ("FOVEA_SHARDS", "20")]), Shard::new(20, 20));
    }

    #[test]
    fn what_an_engine_does_not_say_is_asked_for() {
        assert_eq!(auto(&[]), Err(ShardError::NoEngine));
        assert_eq!(auto(&[("PARALLEL_SEQ", "2")]), Err(ShardError::NoCount("PARALLEL_SEQ")));
        assert_eq!(auto(&[("JOB_COMPLETION_INDEX", "2")]), Err(ShardError::NoCount("JOB_COMPLETION_INDEX")));
        let two = auto(&[("SLURM_ARRAY_TASK_ID", "1"), ("PARALLEL_SEQ", "2"), ("FOVEA_SHARDS", "9")]);
        assert_eq!(two, Err(ShardError::TwoEngines("SLURM_ARRAY_TASK_ID", "PARALLEL_SEQ")));
        assert!(matches!(auto(&[("PARALLEL_SEQ", "two")]), Err(ShardError::NoNumber { .. })));
        let beyond = auto(&[("JOB_COMPLETION_INDEX", "20"), ("FOVEA_SHARDS", "20")]);
        assert!(matches!(beyond, Err(ShardError::Outside { .. })));
        let huge = [("JOB_COMPLETION_INDEX", "18446744073709551615"), ("FOVEA_SHARDS", "20")];
        assert!(matches!(auto(&huge), Err(ShardError::Outside { .. })));
    }

    #[test]
    fn each_picture_is_in_one_shard_and_stays_there() {
        let all = |count| (1..=count).map(move |index| Shard::new(index, count).unwrap());
        let mut held = [0; 20];
        for number in 0..2000 {
            let path = format!("clinic/{number}.png");
            let holders: Vec<Shard> = all(20).filter(|shard| shard.holds(&path)).collect();
            assert_eq!(holders.len(), 1);
            held[holders[0].index() as usize - 1] += 1;
        }
        assert!(held.iter().all(|count| (60..150).contains(count)), "{held:?}");
        // Fixed for ever: another version that split otherwise would do pictures twice.
        assert!(Shard::new(16, 20).unwrap().holds("clinic/7.png"));
        assert!(Shard::new(13, 20).unwrap().holds("a.png"));
        assert!(Shard::WHOLE.holds("anything"));
    }
}
