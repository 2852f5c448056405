//! Moments as ISO 8601 writes them, in UTC, and days as DICOM does.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Datelike, Days, NaiveDate, SecondsFormat, Utc};

/// `2024-02-29T23:59:58Z`; a clock that stands before 1970, or beyond all calendars, counts as 1970.
pub fn iso_date(at: SystemTime) -> String {
    let seconds = at.duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_secs());
    let known = i64::try_from(seconds).ok().and_then(|seconds| DateTime::<Utc>::from_timestamp(seconds, 0));
    known.unwrap_or_default().to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A day as DICOM writes it, `YYYYMMDD`, so many days earlier; `None` of what is none, or none any more.
pub(super) fn earlier(day: &str, days: u64) -> Option<String> {
    let is_day = day.len() == 8 && day.bytes().all(|b| b.is_ascii_digit());
    let known = NaiveDate::parse_from_str(day, "%Y%m%d").ok().filter(|date| is_day && date.year() > 0)?;
    let moved = known.checked_sub_days(Days::new(days)).filter(|date| date.year() > 0)?;
    Some(moved.format("%Y%m%d").to_string())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn known_moments_are_written_as_they_are_known() {
        let at = |seconds| iso_date(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(951_825_599), "2000-02-29T11:59:59Z");
        assert_eq!(at(1_709_251_198), "2024-02-29T23:59:58Z");
        assert_eq!(at(4_107_542_400), "2100-03-01T00:00:00Z");
        assert_eq!(iso_date(UNIX_EPOCH - Duration::from_secs(9)), "1970-01-01T00:00:00Z");
        let last = UNIX_EPOCH.checked_add(Duration::from_secs(i64::MAX as u64 / 2));
        assert!(last.is_none_or(|last| iso_date(last) == "1970-01-01T00:00:00Z"));
    }

    #[test]
    fn days_move_over_leap_years_and_what_is_none_does_not() {
        assert_eq!(earlier("20240301", 1).as_deref(), Some("20240229"));
        assert_eq!(earlier("19000301", 1).as_deref(), Some("19000228"));
        assert_eq!(earlier("19700101", 3652).as_deref(), Some("19600102"));
        assert_eq!(earlier("20240101", 0).as_deref(), Some("20240101"));
        for no_day in ["20230229", "2023", "", "20231301", "+2023010", "99991232", "00000101", "2023010é"] {
            assert_eq!(earlier(no_day, 1), None, "{no_day}");
        }
        assert_eq!((earlier("00010101", 4000), earlier("20240101", u64::MAX)), (None, None));
    }
}
