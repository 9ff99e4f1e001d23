//! Numbers as JavaScript prints them.

/// `Number::toString` of ECMA-262 in base 10: the shortest digits that read back as the same number.
///
/// ```
/// assert_eq!(js_value::number_to_string(1e21), "1e+21");
/// assert_eq!(js_value::number_to_string(-0.0), "0");
/// assert_eq!(js_value::number_to_string(f64::NAN), "NaN");
/// ```
pub fn number_to_string(number: f64) -> String {
    ryu_js::Buffer::new().format(number).to_owned()
}
