use super::*;

#[test]
fn the_suite_has_no_mistakes() {
    if let Err(mistakes) = Catalogue::embedded() {
        panic!("{mistakes}");
    }
}
