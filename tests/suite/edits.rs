//! Edits of a policy's text for the laws of edits: a version that is appended from a day on, and declarations and clauses in
//! another order. What is edited is read off a tape, as in `random_policies`.

use crate::random_policies::Dice;

/// A declaration as it is written, with the comments above it.
#[derive(Clone)]
struct Block {
    comments: Vec<String>,
    /// `earn base "1%" from 2025-01-01`
    head: String,
    /// Without indentation.
    clauses: Vec<String>,
    /// A category without anything under it has no braces.
    bare: bool,
}

/// Where an edit is appended, and by what.
pub struct Appended {
    pub text: String,
    /// The word and the name of what has another version: `earn r0`.
    pub subject: String,
}

/// The declarations of a text, one a block; what is inside one is not looked at further.
fn blocks(text: &str) -> Vec<Block> {
    let (mut blocks, mut comments, mut open) = (Vec::new(), Vec::new(), None::<Block>);
    for line in text.lines() {
        if let Some(mut block) = open.take() {
            if line == "}" {
                blocks.push(block);
                continue;
            }
            block.clauses.push(line.trim().to_owned());
            open = Some(block);
        } else if line.trim().is_empty() || line.starts_with("//") {
            comments.push(line.to_owned());
        } else if let Some(head) = line.strip_suffix(" {") {
            let comments = std::mem::take(&mut comments);
            open = Some(Block { comments, head: head.to_owned(), clauses: Vec::new(), bare: false });
        } else {
            // `value on "On" { is yes }`, or a category without anything under it.
            let (head, inside) = line.split_once(" { ").unwrap_or((line, "}"));
            let inside = inside.rsplit_once('}').map_or("", |(inside, _)| inside.trim());
            let (comments, bare) = (std::mem::take(&mut comments), !line.contains('{'));
            blocks.push(Block { comments, head: head.to_owned(), clauses: vec![inside.to_owned()], bare });
        }
    }
    blocks
}

impl Block {
    fn write(&self, into: &mut String) {
        self.comments.iter().for_each(|line| into.push_str(&format!("{line}\n")));
        if self.bare {
            into.push_str(&format!("{}\n", self.head));
            return;
        }
        into.push_str(&format!("{} {{\n", self.head));
        self.clauses.iter().for_each(|clause| into.push_str(&format!("  {clause}\n")));
        into.push_str("}\n");
    }

    fn keyword(&self) -> &str {
        self.head.split(' ').next().unwrap_or("")
    }

    /// `earn r0`
    fn subject(&self) -> String {
        self.head.split(' ').take(2).collect::<Vec<_>>().join(" ")
    }

    /// The head up to its label, without dates.
    fn undated(&self) -> &str {
        self.head.rfind('"').map_or(&*self.head, |end| &self.head[..=end])
    }

    /// True for the version that is in force on a day and from then on; days compare as they are written.
    fn runs_on(&self, day: &str) -> bool {
        let dates = &self.head[self.undated().len()..];
        let from = dates.split_once(" from ").map(|(_, from)| from);
        !dates.contains(" until ") && from.is_none_or(|from| from < day)
    }
}

fn written(blocks: &[Block]) -> String {
    let mut text = String::new();
    blocks.iter().for_each(|block| block.write(&mut text));
    text
}

/// What may stand in each other's place. Those that begin a clause take the place of all of it.
const PHRASES: [&[&str]; 15] = [
    &["round down", "round up", "round half up", "round half even"],
    &["returns free room", "returns keep room"],
    &["per calendar month", "per calendar week", "per calendar year", "per rolling 30 days", "for all time"],
    &["best of", "first of"],
    &["per line", "per order"],
    &[">=", "<"],
    &["is card", "is other"],
    &["is gold", "is basic"],
    &["with points_paid", "without points_paid"],
    &["in all", "so far"],
    &["end of month", "15th", "1 may"],
    &["rounded ", "exact ", "capped "],
    &["only for ", "not for "],
    &["oldest", "newest"],
    &["is yes", "is no"],
];

/// Clauses that a kind of declaration may have as well.
const CLAUSES: [(&str, &str); 25] = [
    ("pool", "pending until 5 days after order placed"),
    ("pool", "pending never"),
    ("pool", "pending until shipped"),
    ("pool", "pending until end of month of order placed"),
    ("pool", "balance expires 3 days after latest of order placed, points acquired"),
    ("pool", "balance expires 2 years after latest of order placed, points acquired, points redeemed"),
    ("pool", "lot expires 5 days after points acquired"),
    ("pool", "lot expires 3 years after points acquired"),
    ("pool", "return keeps points"),
    ("pool", "return takes points back, shortfall becomes debt"),
    ("pool", "return takes points back, shortfall is forgiven"),
    ("earn", "pending until 5 days after order placed"),
    ("earn", "pending until shipped"),
    ("earn", "lot expires 5 days after points acquired"),
    ("earn", "at most 7 points per member per calendar month, returns free room"),
    ("earn", "at most 7 points per member per calendar year, returns keep room"),
    ("earn", "at most 11 points from everyone"),
    ("earn", "when order.price >= 50 JPY"),
    ("earn", "when order.paid_with is card"),
    ("group", "at most 9 points per member per calendar month, returns free room"),
    ("group", "at most 9 points per order"),
    ("redeem", "at most 15 points per member per calendar month, returns keep room"),
    ("redeem", "at least 5 points"),
    ("move", "at most 9 points per member per calendar month, returns keep room"),
    ("move", "fee 1 point"),
];

/// A declaration has one of each.
const ALONE: [&str; 4] = ["pending ", "balance expires ", "lot expires ", "return "];

/// The clause said otherwise; none where there is no other way.
fn varied(clause: &str, dice: &mut Dice<'_>) -> Option<String> {
    let phrases: Vec<_> = PHRASES
        .iter()
        .filter_map(|all| Some((*all, *all.iter().find(|one| clause.contains(**one))?)))
        .collect();
    let numbers = clause.bytes().enumerate().filter(|(at, byte)| {
        let before = at.checked_sub(1).and_then(|at| clause.as_bytes().get(at));
        byte.is_ascii_digit() && before.is_none_or(|before| *before == b' ')
    });
    let numbers: Vec<usize> = numbers.map(|(at, _)| at).collect();
    let at = dice.roll((phrases.len() + numbers.len()).max(1));
    if let Some((all, one)) = phrases.get(at) {
        return Some(clause.replacen(one, dice.pick(all), 1));
    }
    let start = *numbers.get(at - phrases.len())?;
    let length = clause[start..].find(|c: char| !c.is_ascii_digit()).unwrap_or(clause.len() - start);
    let number: u64 = clause[start..start + length].parse().ok()?;
    let other = dice.pick(&[number + 1, number * 3, number / 2, 1, 40]);
    Some(format!("{}{other}{}", &clause[..start], &clause[start + length..]))
}

/// Other clauses for the same declaration.
fn other_terms(block: &Block, dice: &mut Dice<'_>) -> Vec<String> {
    let mut clauses = block.clauses.clone();
    for _ in 0..1 + dice.roll(3) {
        let at = dice.roll(clauses.len());
        match dice.roll(4) {
            0 | 1 => {
                if let Some(other) = varied(&clauses[at], dice) {
                    clauses[at] = other;
                }
            }
            2 if at > 0 => drop(clauses.remove(at)),
            _ => {
                let own: Vec<_> = CLAUSES.iter().filter(|(kind, _)| *kind == block.keyword()).collect();
                if own.is_empty() {
                    continue;
                }
                // The unit is that of the clauses that stand.
                let stars = clauses.iter().any(|clause| clause.contains("star"));
                let (_, clause) = dice.pick(&own);
                let clause = if stars { clause.replace("point", "star") } else { (*clause).to_owned() };
                let alone = ALONE.iter().find(|word| clause.starts_with(**word));
                clauses.retain(|one| !alone.is_some_and(|word| one.starts_with(word)));
                clauses.push(clause);
            }
        }
    }
    clauses
}

/// The text with a version, or a new rule, that is in force from a day on; the lines that stand are where they were.
pub fn append(text: &str, day: &str, dice: &mut Dice<'_>) -> Option<Appended> {
    let mut blocks = blocks(text);
    let dated = ["earn", "value", "pool", "group", "redeem", "move"];
    let may = |block: &&Block| dated.contains(&block.keyword()) && block.runs_on(day);
    let may: Vec<usize> = (0..blocks.len()).filter(|at| may(&&blocks[*at])).collect();
    let at = *may.get(dice.roll(may.len().max(1)))?;
    let (mut later, new) = (blocks[at].clone(), blocks[at].keyword() == "earn" && dice.once_in(4));
    later.comments.clear();
    if new {
        // A rule of its own beside the one that stands.
        let name = later.head.split(' ').nth(1)?.to_owned();
        later.head = later.head.replacen(&name, &format!("{name}_new"), 1);
    } else {
        blocks[at].head.push_str(&format!(" until {day}"));
    }
    later.head = format!("{} from {day}", later.undated());
    if !dice.once_in(8) {
        later.clauses = other_terms(&later, dice);
    }
    let subject = later.subject();
    // Where nothing follows, the rule has ended.
    if new || !dice.once_in(10) {
        blocks.push(later);
    }
    Some(Appended { text: written(&blocks), subject })
}

/// The same text as `append` writes one without an edit.
pub fn rewritten(text: &str) -> String {
    written(&blocks(text))
}

/// Declarations that say the same in any order of their clauses.
const UNORDERED: [&str; 6] = ["pool", "earn", "group", "redeem", "move", "forbid"];

/// The text with its declarations, and the clauses of most of them, in another order, with blank lines and comments.
pub fn reordered(text: &str, dice: &mut Dice<'_>) -> String {
    let mut blocks = blocks(text);
    shuffle(&mut blocks, dice);
    for block in &mut blocks {
        // A doc comment, and the comment behind a clause, stay with what they stand at.
        let commented = block.clauses.iter().any(|clause| clause.contains("//") || clause.ends_with(','));
        if UNORDERED.contains(&block.keyword()) && !commented {
            shuffle(&mut block.clauses, dice);
        }
        if dice.once_in(4) {
            block.comments.insert(0, String::new());
            block.comments.insert(1, "// Moved.".to_owned());
        }
    }
    written(&blocks)
}

fn shuffle<T>(all: &mut [T], dice: &mut Dice<'_>) {
    for last in (1..all.len()).rev() {
        // Past the end of the tape everything stays where it is.
        all.swap(last, last - dice.roll(last + 1));
    }
}

#[test]
fn programmes_are_written_as_they_were() {
    for (name, text) in crate::pumps::programmes() {
        let codes = crate::support::codes(&rewritten(&text));
        assert_eq!(codes, crate::support::codes(&text), "{name}: {}", rewritten(&text));
    }
}
