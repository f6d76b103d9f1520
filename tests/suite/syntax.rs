//! Text to tree, and what is said about text that is none.

use crate::support::check;
use meed::source::Source;

const AMAZON: &str = include_str!("../cases/syntax/valid/amazon_points.meed");

#[test]
fn the_amazon_policy_reads_without_a_word() {
    let source = Source::new("amazon_points.meed", AMAZON);
    assert_eq!(check(&source), []);
}
