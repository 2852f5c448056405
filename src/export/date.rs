//! A moment as ISO 8601 writes it, in UTC: `2024-02-29T23:59:58Z`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY_S: u64 = 86_400;

/// To the second; a clock that stands before 1970 counts as 1970.
pub fn iso_date(at: SystemTime) -> String {
    let seconds = at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let (year, month, day) = civil(seconds / DAY_S);
    let of_day = seconds % DAY_S;
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Days from the 1st of March of the year 0 to the 1st of January 1970.
const TO_1970: u64 = 719_468;

/// Year, month and day of the Gregorian calendar, so many days after 1970-01-01.
fn civil(days: u64) -> (u64, u64, u64) {
    from_march(days + TO_1970)
}

/// Year, month and day, so many days after 0000-03-01: counted from a 1st of March, so that a leap day is the last of its
/// year, in cycles of 400 years, after which the calendar repeats.
fn from_march(days: u64) -> (u64, u64, u64) {
    const CYCLE: u64 = 146_097;
    let (cycle, of_cycle) = (days / CYCLE, days % CYCLE);
    let year = (of_cycle - of_cycle / 1460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
    let of_year = of_cycle - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (400 * cycle + year + u64::from(month <= 2), month, day)
}

/// The way back of [`from_march`]; `None` of what is no day after the 1st of March of the year 0.
fn to_march((year, month, day): (u64, u64, u64)) -> Option<u64> {
    let from = year.checked_sub(u64::from(month <= 2))?;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day.checked_sub(1)?;
    let days = 365 * from + from / 4 - from / 100 + from / 400 + of_year;
    // What is no day of the calendar becomes another one there and back.
    (from_march(days) == (year, month, day)).then_some(days)
}

/// A day as DICOM writes it, `YYYYMMDD`, so many days later; `None` of what is none, or none any more.
pub(super) fn moved(day: &str, days: i64) -> Option<String> {
    let is_day = day.len() == 8 && day.bytes().all(|b| b.is_ascii_digit());
    let part = |range: std::ops::Range<usize>| day.get(range)?.parse::<u64>().ok();
    let date = (part(0..4)?, part(4..6)?, part(6..8)?);
    let count = to_march(date).filter(|_| is_day)?;
    let (year, month, day) = from_march(count.checked_add_signed(days)?);
    (year <= 9999).then(|| format!("{year:04}{month:02}{day:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_are_written_as_they_are_known() {
        let at = |seconds| iso_date(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(951_825_599), "2000-02-29T11:59:59Z");
        assert_eq!(at(1_709_251_198), "2024-02-29T23:59:58Z");
        assert_eq!(at(4_107_542_400), "2100-03-01T00:00:00Z");
        assert_eq!(iso_date(UNIX_EPOCH - Duration::from_secs(9)), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn days_move_over_leap_years_and_what_is_none_does_not() {
        assert_eq!(moved("20240301", -1).as_deref(), Some("20240229"));
        assert_eq!(moved("19000228", 1).as_deref(), Some("19000301"));
        assert_eq!(moved("19700101", -3652).as_deref(), Some("19600102"));
        assert_eq!(moved("20231231", 1).as_deref(), Some("20240101"));
        for no_day in ["20230229", "2023", "", "20231301", "+2023010", "99991232", "00000101"] {
            assert_eq!(moved(no_day, 1), None, "{no_day}");
        }
        assert_eq!((moved("99991231", 1), moved("00010101", -4000)), (None, None));
        let first = to_march((1999, 1, 1)).unwrap();
        assert!((0..1500).all(|day| to_march(from_march(first + day)) == Some(first + day)));
    }
}
