//! What an author reads who makes one mistake in the first programme: in any letter, any word, any line, any brace.

use std::fmt::Write as _;

use meed::{Diagnostic, Source, Span};

use crate::support::{self, AMAZON};

/// The words of the programme outside of comments and labels, each with its place.
fn words() -> Vec<(usize, &'static str)> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in AMAZON.split_inclusive('\n') {
        let mut at = start;
        for (i, stretch) in line.split("//").next().unwrap().split('"').enumerate() {
            let mut from = at;
            for word in stretch.split([' ', '\n', ',', ':', '|', '{', '}']) {
                if i % 2 == 0 && !word.is_empty() {
                    found.push((from, word));
                }
                from += word.len() + 1;
            }
            at += stretch.len() + 1;
        }
        start += line.len();
    }
    found
}

/// A changed text: what was done, the byte at which it was, and the text.
struct Mistake {
    what: String,
    at: usize,
    text: String,
}

fn changed(what: String, at: usize, gone: usize, instead: &str) -> Mistake {
    Mistake { what, at, text: format!("{}{instead}{}", &AMAZON[..at], &AMAZON[at + gone..]) }
}

/// One letter left out, or swapped with the next; each word once in each company.
fn letters() -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for (start, word) in words() {
        let line = AMAZON[..start].rfind('\n').map_or(0, |end| end + 1);
        if !seen.insert((AMAZON[line..start].split_whitespace().next(), word)) {
            continue;
        }
        for (i, pair) in word.as_bytes().windows(2).enumerate() {
            let at = start + i;
            let [a, b] = [char::from(pair[0]), char::from(pair[1])];
            if a.is_ascii_alphabetic() {
                mistakes.push(changed(format!("`{word}` without its `{a}`"), at, 1, ""));
            }
            if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() && a != b {
                mistakes.push(changed(format!("`{word}` with `{b}{a}`"), at, 2, &format!("{b}{a}")));
            }
        }
        if word.ends_with(|c: char| c.is_ascii_alphabetic()) {
            mistakes.push(changed(format!("`{word}` without its end"), start + word.len() - 1, 1, ""));
        }
    }
    mistakes
}

fn whole_words() -> Vec<Mistake> {
    let both = |(start, word): (usize, &str)| {
        let blank = usize::from(AMAZON[start + word.len()..].starts_with(' '));
        [
            changed(format!("no `{word}`"), start, word.len() + blank, ""),
            changed(format!("twice `{word}`"), start, 0, &format!("{word} ")),
        ]
    };
    words().into_iter().flat_map(both).collect()
}

fn lines_and_braces() -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let mut start = 0;
    for line in AMAZON.split_inclusive('\n') {
        let code = line.split("//").next().unwrap();
        if !code.trim().is_empty() {
            mistakes.push(changed(format!("no line `{}`", code.trim()), start, line.len(), ""));
        }
        for (i, brace) in code.match_indices(['{', '}']) {
            mistakes.push(changed(format!("no `{brace}` in `{}`", code.trim()), start + i, 1, ""));
        }
        start += line.len();
    }
    mistakes
}

/// Everything said about a changed text. Each report has help, and the words that the style asks for.
fn check(mistake: &Mistake) -> (Source, Vec<Diagnostic>) {
    let source = Source::new("policy.meed", mistake.text.as_str());
    let found = support::check(&source);
    for report in &found {
        let (message, help) = (&report.message, report.help.as_deref().unwrap_or(""));
        assert!(!help.is_empty(), "{}: {report:#?}", mistake.what);
        for text in [message.as_str(), help, &report.primary.text] {
            assert!(!text.starts_with(|c: char| c.is_uppercase()), "{}: {report:#?}", mistake.what);
            assert!(!text.ends_with('.') || text.ends_with("…"), "{}: {report:#?}", mistake.what);
        }
        assert!(!message.contains('\n'), "{}: {report:#?}", mistake.what);
    }
    (source, found)
}

/// True where a report points into the line of the mistake.
fn points_there(mistake: &Mistake, source: &Source, found: &[Diagnostic]) -> bool {
    let line = source.position(mistake.at).0;
    let spans = found.iter().flat_map(|d| d.secondary.iter().map(|label| label.span).chain([d.primary.span]));
    let lines = |span: Span| source.position(span.start).0..=source.position(span.end).0;
    spans.map(lines).any(|lines| lines.contains(&line))
}

/// Names that the policy declares and never reads, or that only data and people read: any other is as good.
const FREE: &str = "amazon_points points pays video music app goods book electronics home fashion grocery beauty toy overseas \
    listing_points card_points badge_promotion pay moving_points search_results detail_page days";

/// One letter: one message, in its line, with what to write; or none, where the word could be any other.
#[test]
fn a_wrong_letter_gets_one_answer_in_its_place() {
    let free: Vec<&str> = FREE.split_whitespace().collect();
    let mut tried = 0;
    for mistake in letters() {
        let (source, found) = check(&mistake);
        let word = mistake.what.split('`').nth(1).unwrap();
        // The version of the badge that no rule reads may be another badge.
        let unread = word == "two_percent" && mistake.text.contains("\" until");
        if found.is_empty() && (free.contains(&word) || unread) {
            continue;
        }
        assert_eq!(found.len(), 1, "{}: {found:#?}", mistake.what);
        assert!(points_there(&mistake, &source, &found), "{}: {found:#?}", mistake.what);
        tried += 1;
    }
    assert!(tried > 800, "{tried}");
}

/// A word left out or written twice: one message, in its line, which mostly says to write the line as it was.
#[test]
fn a_missing_or_doubled_word_gets_one_answer_in_its_place() {
    let (mut mended, mut missed) = (0, Vec::new());
    for mistake in whole_words() {
        let (source, found) = check(&mistake);
        if found.is_empty() {
            let line = mistake.text.lines().nth(source.position(mistake.at).0 - 1).unwrap();
            assert!(line.contains(", "), "{} is not told", mistake.what); // one branch of a category less
            continue;
        }
        assert_eq!(found.len(), 1, "{}: {found:#?}", mistake.what);
        assert!(points_there(&mistake, &source, &found), "{}: {found:#?}", mistake.what);
        if found[0].help.as_deref().unwrap().contains(&as_it_was(mistake.at)) {
            mended += 1;
        } else {
            missed.push(format!("{}: {:?}", mistake.what, found[0].help));
        }
    }
    // Where it cannot: a name or an amount is gone, or one of several words is.
    assert!(mended >= missed.len() * 3, "{mended} to {}:\n{}", missed.len(), missed.join("\n"));
}

/// The clause or head around a place of the programme.
fn as_it_was(at: usize) -> String {
    let start = AMAZON[..at].rfind(['\n', '{']).map_or(0, |end| end + 1);
    let end = AMAZON[at..].find(['\n', '{', '}']).map_or(AMAZON.len(), |end| at + end);
    AMAZON[start..end].split("//").next().unwrap().trim().to_owned()
}

/// A line or a brace left out: what is said, for reading. A head that is missing takes its name with it, and the
/// lines under it then read as those of the head above: two messages. All others are one.
#[test]
fn a_missing_line_or_brace_gets_one_answer() {
    let mut told = String::new();
    for mistake in lines_and_braces() {
        let (source, found) = check(&mistake);
        assert!(
            found.len() <= 1 + usize::from(mistake.what.starts_with("no line `category digital")),
            "{}: {found:#?}",
            mistake.what
        );
        writeln!(told, "{}:{}", mistake.what, if found.is_empty() { " fine" } else { "" }).unwrap();
        for report in &found {
            let line = source.line(report.primary.span);
            writeln!(told, "  line {line}: {}: {}", report.code.name(), report.message).unwrap();
            let help = report.help.as_deref().unwrap_or("").replace('\n', "\n    ");
            writeln!(told, "    {help}").unwrap();
        }
    }
    insta::assert_snapshot!(told);
}
