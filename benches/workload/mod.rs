//! One workload for everything that decides orders: orders of five lines in 64 categories, the points shown on the listing,
//! more for paying by card, and campaigns that give more on one category between two dates; so many points a month at most, which is an order's where none stands before it.
//! The same numbers come out of the policy, of plain Rust, and of Rust with an index: the bar for the plan.

/// Categories: eight that earn nothing, books (one line in four), and others.
pub const CATEGORIES: u16 = 64;
/// For paying by card, in hundredths of a percent.
pub const CARD: i64 = 150;
/// The days that orders and campaigns lie in, from 2024-01-01 on.
pub const DAYS: i64 = 730;

/// Random numbers (splitmix64).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % bound.unsigned_abs()).cast_signed()
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Line {
    pub price: i64,
    /// In hundredths of a percent.
    pub rate: i64,
    pub category: u16,
    pub domestic: bool,
}

#[derive(Clone, Copy, Debug)]
pub struct Order {
    pub day: i64,
    pub card: bool,
    pub lines: [Line; 5],
}

/// An extra rate on one category, from a day to another, both included.
#[derive(Clone, Copy, Debug)]
pub struct Campaign {
    pub category: u16,
    pub from: i64,
    pub to: i64,
    pub rate: i64,
}

pub fn orders(count: usize, seed: u64) -> Vec<Order> {
    let mut random = Random(seed);
    let line = |random: &mut Random| {
        let is_book = random.below(4) == 0;
        let any = random.below(i64::from(CATEGORIES));
        Line {
            category: if is_book { 8 } else { any as u16 },
            price: 100 + random.below(60_000),
            domestic: random.below(10) != 0,
            rate: [0, 100, 100, 100, 300, 500, 1000][random.below(7) as usize],
        }
    };
    (0..count)
        .map(|_| {
            let (day, card) = (random.below(DAYS), random.below(2) == 0);
            Order { day, card, lines: std::array::from_fn(|_| line(&mut random)) }
        })
        .collect()
}

pub fn rules(count: usize) -> Vec<Campaign> {
    let mut random = Random(7);
    let campaign = |index| {
        if index == 0 {
            return Campaign { category: 8, from: 200, to: 260, rate: 300 };
        }
        let category = 8 + random.below(i64::from(CATEGORIES) - 8) as u16;
        let from = random.below(DAYS);
        Campaign { category, from, to: from + 6 + random.below(24), rate: 50 * (1 + random.below(10)) }
    };
    (0..count).map(campaign).collect()
}

pub fn earns(category: u16) -> bool {
    category >= 8 || category == 4
}

fn name(category: u16) -> String {
    format!("c{category:02}")
}

pub fn date(day: i64) -> String {
    let start = jiff::civil::date(2024, 1, 1);
    start.saturating_add(jiff::Span::new().days(day)).to_string()
}

fn percent(rate: i64) -> String {
    format!("{}.{:02}%", rate / 100, rate % 100)
}

/// The policy, with so many campaigns and so many points a month.
pub fn policy(count: usize, limit: i64) -> String {
    let mut text = String::from(
        "program workload \"Workload\" {\n  currency JPY\n  timezone Asia/Tokyo\n  deadlines run to end of day\n  \
         missing day becomes last of month\n}\n\n",
    );
    let categories: Vec<String> =
        (0..CATEGORIES).map(|c| format!("category {} \"Category {c}\"\n", name(c))).collect();
    text += &categories.concat();
    text += "\nfacts listing {\n  points_rate: rate 0% to 95%\n  seller: domestic | overseas\n}\nfacts order {\n  \
             paid_with: card | other default other\n}\n\npool points \"Points\" {\n  unit point\n  worth 1 JPY\n  pending never\n  \
             balance expires never\n  spend oldest\n  return takes points back, shortfall becomes debt\n}\n\n";
    let excluded: Vec<String> = (0..CATEGORIES).filter(|c| !earns(*c)).map(name).collect();
    let shared = format!(
        "  when listing.seller is domestic\n  not for {}\n  round down per line\n}}\n\n",
        excluded.join(", ")
    );
    text +=
        &format!("earn listed \"Listed\" {{\n  each line gives listing.points_rate of line.price\n{shared}");
    text += &format!(
        "earn by_card \"By card\" {{\n  each line gives {} of line.price\n  when order.paid_with is card\n{shared}",
        percent(CARD)
    );
    for (index, campaign) in rules(count).iter().enumerate() {
        text += &format!(
            "earn k{index} \"Campaign {index}\" from {} until {} {{\n  each line gives {} of line.price\n  only for {}\n  when listing.seller is domestic\n  \
             round down per line\n}}\n",
            date(campaign.from),
            date(campaign.to + 1),
            percent(campaign.rate),
            name(campaign.category),
        );
    }
    text += "forbid moving_points \"Points stay\" {\n  transfer to account\n  transfer to program\n  cash out\n}\n";
    let all: Vec<String> = (0..count).map(|index| format!(", k{index}")).collect();
    text += &format!(
        "\ngroup everything \"Everything\" {{\n  all of listed, by_card{}\n  at most {limit} points per member per calendar month, returns free room\n}}\n",
        all.concat()
    );
    text
}

impl Order {
    /// The same as a case of `meed decide`.
    pub fn case(&self) -> String {
        let lines: Vec<String> = self.lines.iter().enumerate().map(|(index, line)| {
            format!(
                r#"{{"id": "l{index}", "category": "{}", "price": {}, "points_rate": "{}", "seller": "{}"}}"#,
                name(line.category), line.price, percent(line.rate), if line.domestic { "domestic" } else { "overseas" },
            )
        }).collect();
        format!(
            r#"{{"at": "{}T12:00:00+09:00", "order": {{"order": "o1", "paid_with": "{}", "lines": [{}]}}}}"#,
            date(self.day),
            if self.card { "card" } else { "other" },
            lines.join(", "),
        )
    }
}

/// The answer, by looking at every campaign.
pub fn by_hand(order: &Order, campaigns: &[Campaign], limit: i64) -> [i64; 5] {
    let mut points = [0; 5];
    for (points, line) in points.iter_mut().zip(&order.lines) {
        if !earns(line.category) || !line.domestic {
            continue;
        }
        *points = line.price * line.rate / 10_000;
        if order.card {
            *points += line.price * CARD / 10_000;
        }
        for one in campaigns {
            if one.category == line.category && one.from <= order.day && order.day <= one.to {
                *points += line.price * one.rate / 10_000;
            }
        }
    }
    cap(&mut points, limit);
    points
}

/// What is left of the limit goes to the lines in their order.
pub fn cap(points: &mut [i64; 5], limit: i64) {
    let mut left = limit;
    for points in points {
        *points = (*points).min(left);
        left -= *points;
    }
}

/// Campaigns by category and date: the bar.
pub struct Indexed {
    by_category: Vec<Segments>,
    rates: Vec<i32>,
    limit: i64,
}

struct Segments {
    breaks: Vec<i32>,
    lists: Vec<(u32, u32)>,
}

impl Indexed {
    pub fn new(campaigns: &[Campaign], limit: i64) -> Indexed {
        let mut rates = Vec::new();
        let by_category = (0..CATEGORIES).map(|category| {
            let ours: Vec<&Campaign> = campaigns.iter().filter(|one| one.category == category).collect();
            let mut breaks: Vec<i32> =
                ours.iter().flat_map(|one| [one.from as i32, one.to as i32 + 1]).collect();
            breaks.sort_unstable();
            breaks.dedup();
            let mut lists = vec![(0, 0)];
            for at in &breaks {
                let start = rates.len() as u32;
                let live = ours.iter().filter(|one| one.from <= i64::from(*at) && i64::from(*at) <= one.to);
                rates.extend(live.map(|one| one.rate as i32));
                lists.push((start, rates.len() as u32));
            }
            Segments { breaks, lists }
        });
        Indexed { by_category: by_category.collect(), rates, limit }
    }

    #[inline]
    pub fn decide(&self, order: &Order) -> [i64; 5] {
        let mut points = [0; 5];
        for (points, line) in points.iter_mut().zip(&order.lines) {
            if !earns(line.category) || !line.domestic {
                continue;
            }
            let mut sum = line.price * line.rate / 10_000;
            if order.card {
                sum += line.price * CARD / 10_000;
            }
            let segments = &self.by_category[line.category as usize];
            let place = segments.breaks.partition_point(|at| i64::from(*at) <= order.day);
            let (start, end) = segments.lists[place];
            for rate in &self.rates[start as usize..end as usize] {
                sum += line.price * i64::from(*rate) / 10_000;
            }
            *points = sum;
        }
        cap(&mut points, self.limit);
        points
    }
}
