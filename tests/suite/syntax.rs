//! Text to tree, and what is said about text that is none.
#![allow(clippy::string_slice, reason = "the texts cut here are ASCII or cut at their letters")]

use meed::internal::ast::{ClauseKind, File, Item};
use meed::internal::{MAX_BYTES, parse};
use meed::{Code, Diagnostic, Severity, Source};
use proptest::prelude::*;

const AMAZON: &str = include_str!("../cases/syntax/valid/amazon_points.meed");
const EVERY_CLAUSE: &str = include_str!("../cases/syntax/valid/every_clause.meed");
const EVERY_GENERAL_CLAUSE: &str = include_str!("../cases/syntax/valid/every_general_clause.meed");

fn diagnostics(text: &str) -> Vec<Diagnostic> {
    parse(&Source::new("policy.meed", text)).diagnostics
}

fn file(text: &str) -> File {
    parse(&Source::new("policy.meed", text)).file
}

/// Reads a text, whatever it holds, and checks what must hold for every text.
fn read_anything(text: &str) {
    let source = Source::new("policy.meed", text);
    let parsed = parse(&source);
    let mut spans: Vec<_> = parsed.file.comments.iter().map(|comment| comment.span).collect();
    for diagnostic in &parsed.diagnostics {
        assert!(!diagnostic.message.is_empty() && !diagnostic.message.contains('\n'), "{diagnostic:?}");
        spans.push(diagnostic.primary.span);
        spans.extend(diagnostic.secondary.iter().map(|label| label.span));
    }
    for span in spans {
        assert!(text.get(span.start..span.end).is_some(), "{span:?} in {text:?}");
    }
    let broken = parsed.file.items.iter().any(|item| match item {
        Item::Declaration(declaration) => {
            declaration.broken || declaration.clauses.iter().any(|c| c.kind == ClauseKind::Error)
        }
        Item::Error(_) => true,
    });
    let errors = parsed.diagnostics.iter().any(|diagnostic| diagnostic.severity() == Severity::Error);
    assert!(errors || !broken, "a broken tree without a message: {text:?}");
}

/// The tree without its places: one line a declaration, one a clause.
fn outline(file: &File) -> String {
    let mut out = String::new();
    for item in &file.items {
        let Item::Declaration(declaration) = item else {
            out.push_str("error\n");
            continue;
        };
        let label = declaration.label.as_ref().map_or("", |label| label.text.as_str());
        let days = (declaration.from.map(|at| at.date), declaration.until.map(|at| at.date));
        out.push_str(&format!("{:?} {} {label:?}", declaration.kind, declaration.name.text));
        out.push_str(&days.0.map_or(String::new(), |day| format!(" from {day}")));
        out.push_str(&days.1.map_or(String::new(), |day| format!(" until {day}")));
        out.push_str(if declaration.broken { " broken\n" } else { "\n" });
        declaration.docs.iter().for_each(|line| out.push_str(&format!("  /// {line}\n")));
        for clause in &declaration.clauses {
            clause.docs.iter().for_each(|line| out.push_str(&format!("  /// {line}\n")));
            out.push_str(&format!("  {}\n", without_places(&format!("{:?}", clause.kind))));
        }
    }
    out
}

fn without_places(debug: &str) -> String {
    let mut out = String::new();
    let debug = debug.replace("Else(Span", "Else(span: Span");
    for (i, part) in debug.split("span: Span {").enumerate() {
        out.push_str(if i == 0 { part } else { part.split_once('}').map_or("", |(_, rest)| rest) });
    }
    out.replace(", kind_ }", " }").replace("kind_,", "").replace(",  }", " }").replace(", }", " }")
}

#[test]
fn valid_policies_read_without_a_word() {
    insta::glob!("../cases/syntax/valid", "*.meed", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        assert_eq!(diagnostics(&text), [], "{}", path.display());
        insta::assert_snapshot!(outline(&file(&text)));
    });
}

#[test]
fn line_ends_tabs_and_a_byte_order_mark_change_nothing() {
    for text in [AMAZON, EVERY_CLAUSE, EVERY_GENERAL_CLAUSE] {
        let tree = outline(&file(text));
        for other in [
            text.replace('\n', "\r\n"),
            text.replace("  ", "\t"),
            format!("\u{feff}{text}"),
            format!("\u{feff}{}", text.replace('\n', "\r\n")),
            text.trim_end().to_owned(),
        ] {
            assert_eq!(diagnostics(&other), []);
            assert_eq!(outline(&file(&other)), tree);
        }
    }
}

#[test]
fn comments_are_kept() {
    let file =
        file("// one\nvalue a \"A\" { is 1 } // two\n/// three\n//// four\nvalue b \"B // no\" { is 2 }");
    let comments: Vec<_> = file.comments.iter().map(|comment| comment.text.as_str()).collect();
    assert_eq!(comments, ["// one", "// two", "/// three", "//// four"]);
    let Item::Declaration(b) = &file.items[1] else { panic!() };
    assert_eq!(b.docs, ["three"]);
}

#[test]
fn three_mistakes_in_one_file_give_three_messages() {
    let text = AMAZON
        .replacen("pending until", "pending untl", 1)
        .replacen("round down", "roud down", 1)
        .replacen("transfer to account", "transfer account", 1);
    let found: Vec<_> = diagnostics(&text).into_iter().map(|d| (d.code, d.primary.text)).collect();
    let expected = [
        (Code::SyntaxError, "did you mean `until`?"),
        (Code::UnknownClause, "did you mean `round`?"),
        (Code::SyntaxError, "`to` belongs here"),
    ];
    assert_eq!(found, expected.map(|(code, label)| (code, label.to_owned())));
}

#[test]
fn a_mistake_keeps_the_names_around_it() {
    let text = AMAZON
        .replacen("category fresh", "categry fresh", 1)
        .replacen("earn card_points \"Shopping with Amazon MasterCard\"", "earn card_points", 1)
        .replacen("  transfer to program\n  cash out\n}", "  transfer to program\n  cash out", 1)
        .replacen("until 2021-01-01", "until 2021-02-30", 1)
        .replacen("facts order", "bonus gold \"Gold\" { at 5 }\nfacts order", 1);
    let names = |file: &File| -> Vec<String> {
        let declarations = file.items.iter().filter_map(|item| match item {
            Item::Declaration(declaration) => Some(declaration.name.text.clone()),
            Item::Error(_) => None,
        });
        declarations.collect()
    };
    let broken = file(&text);
    assert_eq!(names(&broken), names(&file(AMAZON)));
    assert_eq!(broken.unread[0].text, "gold");
    assert_eq!(diagnostics(&text).len(), 5);
}

/// Each letter of each fixed word of the policy is changed, left out, doubled, swapped with the next.
#[test]
fn every_misspelt_keyword_is_corrected() {
    let mut tried = 0;
    for (start, word) in fixed_words(AMAZON) {
        for at in start..start + word.len() {
            let letter = &AMAZON[at..at + 1];
            let other = if letter == "x" { "q" } else { "x" };
            for instead in [other.to_owned(), String::new(), letter.repeat(2)] {
                let text = format!("{}{instead}{}", &AMAZON[..at], &AMAZON[at + 1..]);
                let found = diagnostics(&text);
                if text[start..].starts_with("day after") || text[start..].starts_with("pay 1 JPY") {
                    continue; // `2 day` is as good as `2 days`, `1 point pay` as `1 point pays`
                }
                let line = text[start..].lines().next().unwrap();
                assert_eq!(found.len(), 1, "{line}: {found:#?}");
                let singular = format!("did you mean `{}`?", word.trim_end_matches('s'));
                let label = &found[0].primary.text;
                assert!(
                    *label == format!("did you mean `{word}`?") || *label == singular,
                    "{line}: {found:#?}"
                );
                tried += 1;
            }
        }
    }
    assert!(tried > 1_500, "{tried}");
}

/// What is said about lines of the general form that are wrong in one word, or stop too early.
#[test]
fn wrong_lines_of_every_kind_are_explained() {
    let declarations = [
        (
            "event stay \"Stay\"",
            "nights count night\nnights: count night beside\nmark checked_in\nmarks\ncharges: USD besides total",
        ),
        (
            "value rate \"Rate\"",
            "bye member.status\nby\nsilver 5%\nsilver, gold 5%\nfrom 5,000 USD 2%\nfrm 5,000 USD: 2%\nelse 0%\nels 0%\nsilver: \nblah",
        ),
        (
            "measure nights \"Nights\"",
            "each stay count 5\neach stay counts\neach stay counts 5 at\neach order counts rouned base\nfor each\nper calender month\nper calendar\nper calendar fortnight\nper rolling 12 monhs\nper year from 31 april\nfor all tme",
        ),
        (
            "tier status \"Status\"",
            "count nights\nstart\nlevl gold \"Gold\" at 25\nlevel gold \"Gold\"\nlevel gold \"Gold\" at 20 and 5 of spend or 7\nlasts untl end of year of reached\nlasts until end of febuary of reached\nthen fals 1 level\nthen worked out\nreturn lower level\nlasts until 2 years after reched",
        ),
        (
            "pool points \"Points\"",
            "lot expires\nlot expires nevr\nlot expires end month of points acquired\nlot expires end of month of points aquired\nlot expires 1 year after points acquired, pausd while a\npending until nxt 15th after shipped\npending until next 15 after shipped\npending until next 32nd after shipped\npending until next 2th after shipped\npending until 1 day after 1 to 2 days after shipped\nspend befor points\nspend before",
        ),
        (
            "earn base \"Base\"",
            "each order gives 4 time rounded other\neach order gives 4 times other\neach calendar month give 5 points\non first 5 USD\non frist 5 USD per order\nat most 5 points per member\nat most 5 points per member per calendar month, returns fre room\nat most 5 points per member per calendar month returns free room\nat most 5 points from everybody\nat most 5 points from evryone\ninto\nint limited\nwhen nights so fr > 3\nwhen nights in al > 3\nwhen order.price fr food > 3 JPY",
        ),
        (
            "group best \"Best\"",
            "best of a, b\nbst of a, b per order\nfirst a, b per order\nall of\nsum of a, b",
        ),
        (
            "redeem pay \"Pay\"",
            "out points\nat lest 5 points\nin step of 5 points\nin steps 5 points\nreward coffee 100 stars\nat most 50% order.total",
        ),
        (
            "move miles \"Miles\"",
            "points too vouchers\npoints to\npoints to program\non reqest\non end of febuary\non end february\non 30 february\ngives 1 for 3 points\ngives 1\nfe 100 points\nvouchers",
        ),
    ];
    let mut out = String::new();
    for (head, lines) in declarations {
        out.push_str(&format!("{head}\n"));
        for line in lines.lines() {
            let found = diagnostics(&format!("{head} {{\n  {line}\n}}\n"));
            assert!(!found.is_empty(), "{line}");
            for one in found {
                out.push_str(&format!("  {line}\n    {}", one.message));
                out.push_str(&format!(" [{}]\n", one.primary.text));
                one.help
                    .iter()
                    .flat_map(|help| help.lines())
                    .for_each(|help| out.push_str(&format!("      {help}\n")));
            }
        }
    }
    insta::assert_snapshot!(out);
}

/// The policy's own words; all others are the language's.
const NAMES: &str = "amazon_points gift_card amazon_coins fresh digital kindle_ebook video music app goods book electronics \
    home fashion grocery beauty toy listing points_rate rate seller domestic overseas paid_with amazon_mastercard other \
    card_rate promotion_on no promotion_rate point listing_points points_paid card_points badge_promotion \
    two_percent pay moving_points search_results detail_page";

/// The fixed words of a policy with their places: no texts, no comments, no names.
fn fixed_words(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let code = line.split("//").next().unwrap();
        let mut at = start;
        for (i, stretch) in code.split('"').enumerate() {
            let mut from = at;
            for word in stretch.split([' ', '\n', ',', ':']).filter(|_| i % 2 == 0) {
                let name =
                    NAMES.split_whitespace().any(|name| name == word) || text[..from].ends_with("\nfacts ");
                let plain = !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
                if plain && !name && !text[..from].ends_with("\npool ") {
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

#[test]
fn every_cut_and_every_change_of_a_letter_is_survived() {
    for (at, _) in AMAZON.char_indices() {
        read_anything(&AMAZON[..at]);
    }
    // A declaration and the next, so that there is something to recover at.
    let stretches: Vec<&str> = AMAZON.split_inclusive("\n}\n").collect();
    for pair in stretches.windows(2) {
        for (at, letter) in pair[0].char_indices() {
            let (before, after) = (&pair[0][..at], &pair[0][at + letter.len_utf8()..]);
            for instead in ["", "{", "}", "\"", "(", ",", "\n", "é"] {
                read_anything(&format!("{before}{instead}{after}{}", pair[1]));
            }
        }
    }
}

#[test]
fn deep_and_long_texts_are_survived() {
    let many = 30_000;
    let clause = |text: String| format!("earn a \"A\" {{\n  when {text}\n}}\n");
    for text in [
        clause("(".repeat(many)),
        clause(format!("{}a{}", "(".repeat(many), ")".repeat(many))),
        clause(format!("{}a", "not ".repeat(many))),
        clause(format!("{}a", "not (".repeat(many))),
        clause(format!("a{}", " + a".repeat(many))),
        clause(format!("a{}", " and a".repeat(many))),
        clause(format!("a in b{}", ", b".repeat(many))),
        clause(format!("a{}", " is".repeat(many))),
        clause(format!("a{}", "(\n".repeat(many))),
        format!("pool a \"A\" {{\n  lot expires {} shipped\n}}", "1 day after ".repeat(many)),
        format!("pool a \"A\" {{\n  lot expires {} shipped\n}}", "end of month of ".repeat(many)),
        format!("pool a \"A\" {{\n  lot expires {} shipped\n}}", "next 1st after ".repeat(many)),
        format!("tier a \"A\" {{\n  level b at {}1\n}}", "(".repeat(many)),
        format!("tier a \"A\" {{\n  level b at 1{}\n}}", " or 1".repeat(many / 10)),
        format!("category a \"A\" {}", "{ b ".repeat(many)),
        format!("category a \"A\" {}{}", "{ b ".repeat(many), "}".repeat(many)),
        "{".repeat(many),
        "}".repeat(many),
        "\"".repeat(many),
        "\"\n".repeat(many),
        "earn a\n".repeat(many),
        "/// doc\n".repeat(many),
        "earn a \"A\" { each\n".repeat(many / 10),
        format!("earn a \"A\" {{\n{}}}", "  roud down per line\n".repeat(many / 10)),
    ] {
        read_anything(&text);
    }
}

#[test]
fn a_file_above_the_limit_is_not_read() {
    let text = format!("{AMAZON}{}", " ".repeat(MAX_BYTES));
    let codes: Vec<_> = diagnostics(&text).iter().map(|diagnostic| diagnostic.code).collect();
    assert_eq!(codes, [Code::FileTooLarge]);
    assert_eq!(diagnostics(&format!("{AMAZON}{}", " ".repeat(MAX_BYTES - AMAZON.len()))), []);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_anything(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_words_in_any_order_are_survived(picks in prop::collection::vec(0usize..90, 0..80)) {
        const WORDS: [&str; 90] = [
            "program", "category", "facts", "value", "pool", "earn", "redeem", "forbid", "badge", "tier", "\n", "\n",
            "\n", "{", "}", "(", ")", ",", ":", "|", "=", "==", ";", "\"A\"", "\"", "//", "///", "each", "line",
            "gives", "1%", "of", "line.price", "with", "when", "is", "not", "in", "and", "or", "has", "per", "full",
            "100 JPY", "1,00", "2021-02-30", "2021-01-01", "from", "until", "round", "down", "pending", "1 to 2 days",
            "after", "shipped", "default", "+", "<=", "名前", "Name", "use", "event", "measure", "group", "move", "counts",
            "at", "most", "member", "calendar", "month", "end", "next", "15th", "rounded", "times", "level", "lot", "expires",
            "first", "on", "to", "all", "so", "far", "for", "marks", "else", "best", "reward",
        ];
        let text: Vec<&str> = picks.into_iter().map(|pick| WORDS[pick]).collect();
        read_anything(&text.join(" "));
        read_anything(&text.concat());
    }

    #[test]
    fn any_two_changes_of_the_policy_are_survived(
        first in 0usize..2_500,
        second in 0usize..2_500,
        gone in 0usize..40,
        letters in "[a-z{}()\",=;. \n]{0,3}",
    ) {
        let letters_of = |text: &str, at: usize, gone: usize| -> String {
            let all: Vec<char> = text.chars().collect();
            let at = at.min(all.len());
            let end = (at + gone).min(all.len());
            all[..at].iter().collect::<String>() + &letters + &all[end..].iter().collect::<String>()
        };
        read_anything(&letters_of(&letters_of(AMAZON, first, gone), second, gone / 2));
    }
}
