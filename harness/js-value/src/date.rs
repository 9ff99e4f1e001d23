//! Dates as text.

/// The time value as `Date.prototype.toISOString` writes it; `None` for an invalid date.
pub(crate) fn to_iso(time: f64) -> Option<String> {
    let time = clipped(time);
    if time.is_nan() {
        return None;
    }
    let time = time as i64;
    let (days, rest) = (time.div_euclid(DAY), time.rem_euclid(DAY));
    let (year, month, day) = civil(days);
    let year = match year {
        0..=9999 => format!("{year:04}"),
        _ => format!("{year:+07}"),
    };
    let (seconds, millis) = (rest / 1000, rest % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    Some(format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z"))
}

/// The time value that a Date has which was made from this one: whole milliseconds in range, or NaN.
pub(crate) fn clipped(time: f64) -> f64 {
    if time.abs() <= MAX_TIME { time.trunc() + 0.0 } else { f64::NAN }
}

/// Year, month and day in the proleptic Gregorian calendar of a number of days since 1970, by
/// eras of 400 years that begin on a 1 March.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

const DAY: i64 = 86_400_000;
/// The last time value that a Date may have.
const MAX_TIME: f64 = 8.64e15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_text() {
        for (time, text) in [
            (0.0, Some("1970-01-01T00:00:00.000Z")),
            (-0.5, Some("1970-01-01T00:00:00.000Z")),
            (-1.0, Some("1969-12-31T23:59:59.999Z")),
            (951_782_400_000.0, Some("2000-02-29T00:00:00.000Z")),
            (253_402_300_799_999.0, Some("9999-12-31T23:59:59.999Z")),
            (253_402_300_800_000.0, Some("+010000-01-01T00:00:00.000Z")),
            (-62_167_219_200_000.0, Some("0000-01-01T00:00:00.000Z")),
            (-62_167_219_200_001.0, Some("-000001-12-31T23:59:59.999Z")),
            (8.64e15, Some("+275760-09-13T00:00:00.000Z")),
            (-8.64e15, Some("-271821-04-20T00:00:00.000Z")),
            (8.64e15 + 2.0, None),
            (f64::NAN, None),
            (f64::INFINITY, None),
        ] {
            assert_eq!(to_iso(time).as_deref(), text, "{time}");
        }
    }
}
