//! Days as people write them in names, and as DICOM does.

/// Photographs with a date are not older than this; what is, is a day of birth.
const FIRST_YEAR: u32 = 1980;
const LAST_YEAR: u32 = 2099;

/// Whether `year-month-day` can be when a picture was taken.
pub fn day(year: u32, month: u32, day: u32) -> Option<String> {
    let is_leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    let is_day = (FIRST_YEAR..=LAST_YEAR).contains(&year) && (1..=days).contains(&day);
    is_day.then(|| format!("{year:04}-{month:02}-{day:02}"))
}

/// `digits`, eight of them, as a day, or fourteen as a day with a time.
pub fn compact(digits: &str) -> Option<String> {
    if !matches!(digits.len(), 8 | 14) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| digits[from..to].parse().unwrap_or(0);
    let date = day(number(0, 4), number(4, 6), number(6, 8))?;
    match digits.len() {
        14 => Some(format!("{date} {}", time(&digits[8..])?)),
        _ => Some(date),
    }
}

/// `digits`, six of them, as a time of day.
pub fn time(digits: &str) -> Option<String> {
    if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes, seconds) = (&digits[..2], &digits[2..4], &digits[4..]);
    (hours < "24" && minutes < "60" && seconds < "60").then(|| format!("{hours}:{minutes}:{seconds}"))
}

/// What DICOM writes as a day, perhaps with a time and a fraction and a zone behind it.
pub fn of_dicom(text: &str) -> Option<String> {
    let digits: String = text.trim().chars().take_while(char::is_ascii_digit).take(14).collect();
    compact(&digits).or_else(|| compact(digits.get(..8)?))
}

/// Whether `text` is a day, perhaps with a time, as an [`super::Identity`] has it.
pub fn is_date(text: &str) -> bool {
    let (date, clock) = text.split_once(' ').map_or((text, None), |(date, clock)| (date, Some(clock)));
    let digits = |text: &str, mark: char| text.chars().filter(|c| *c != mark).collect::<String>();
    let is_shaped = date.len() == 10 && date.is_ascii() && compact(&digits(date, '-')).as_deref() == Some(date);
    is_shaped && clock.is_none_or(|clock| time(&digits(clock, ':')).as_deref() == Some(clock))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_days_of_the_calendar() {
        assert_eq!(compact("20240229").as_deref(), Some("2024-02-29"));
        assert_eq!(compact("20240229235958").as_deref(), Some("2024-02-29 23:59:58"));
        for none in ["20230229", "20241301", "19500101", "00000001", "2024022", "20240229246000", "２０２４０２２９"]
        {
            assert_eq!(compact(none), None, "{none}");
        }
        assert_eq!(of_dicom("20240301101112.123456+0100").as_deref(), Some("2024-03-01 10:11:12"));
        assert_eq!(of_dicom("20240301").as_deref(), Some("2024-03-01"));
        assert_eq!(of_dicom("2024"), None);
        assert!(is_date("2024-03-01") && is_date("2024-03-01 10:11:12"));
        assert!(!is_date("2024-3-1") && !is_date("1.3.2024") && !is_date("2024-03-01 25:00:00") && !is_date("é"));
    }
}
