//! The four roundings a policy may choose, and splitting a whole over parts.

use super::ratio::{Overflow, Ratio};

/// How a fraction of a point becomes whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rounding {
    /// Toward the smaller number.
    Down,
    /// Toward the larger number.
    Up,
    /// To the nearest; a half goes up.
    HalfUp,
    /// To the nearest; a half goes to the even neighbour.
    HalfEven,
}

impl Rounding {
    /// The words of the language: `down`, `up`, `half up`, `half even`.
    pub fn words(self) -> &'static str {
        match self {
            Rounding::Down => "down",
            Rounding::Up => "up",
            Rounding::HalfUp => "half up",
            Rounding::HalfEven => "half even",
        }
    }

    /// `exact` as whole points.
    pub fn apply(self, exact: Ratio) -> Result<i64, Overflow> {
        let floor = exact.floor();
        let above = exact.fraction();
        let half = Ratio::new(1, 2)?;
        let up = match self {
            Rounding::Down => false,
            Rounding::Up => !above.is_zero(),
            Rounding::HalfUp => above >= half,
            Rounding::HalfEven => above > half || (above == half && floor.rem_euclid(2) == 1),
        };
        let whole = if up { floor.checked_add(1).ok_or(Overflow)? } else { floor };
        i64::try_from(whole).map_err(|_| Overflow)
    }
}

/// Splits `total` (0 or more) over parts in proportion to `weights` (each 0 or more): floors first, then one
/// more to each of the largest remainders, ties to the earlier part. With all weights zero the
/// first part takes everything. The parts add up to `total` exactly.
pub fn largest_remainder(total: i64, weights: &[Ratio]) -> Result<Vec<i64>, Overflow> {
    let mut sum = Ratio::ZERO;
    for weight in weights {
        sum = sum.add(*weight)?;
    }
    let mut parts = vec![0i64; weights.len()];
    if sum.is_zero() {
        if let Some(first) = parts.first_mut() {
            *first = total;
        }
        return Ok(parts);
    }
    let mut left = total;
    let mut remainders = Vec::with_capacity(weights.len());
    for (i, (part, weight)) in parts.iter_mut().zip(weights).enumerate() {
        let quota = Ratio::whole(total).mul(*weight)?.div(sum)?;
        *part = quota.floor_points()?;
        left = left.checked_sub(*part).ok_or(Overflow)?;
        remainders.push((quota.fraction(), i));
    }
    remainders.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, i) in remainders {
        if left == 0 {
            break;
        }
        if let Some(part) = parts.get_mut(i) {
            *part += 1;
            left -= 1;
        }
    }
    Ok(parts)
}

/// Splits `total` over parts in proportion to `weights`, none above its `ceiling`. Where the ceilings add up to no
/// more than `total`, every part has its ceiling. What a ceiling cuts off is split over the others the same way.
pub fn split_within(total: i64, weights: &[Ratio], ceilings: &[i64]) -> Result<Vec<i64>, Overflow> {
    let sum = ceilings.iter().try_fold(0i64, |sum, ceiling| sum.checked_add(*ceiling)).ok_or(Overflow)?;
    let mut parts = ceilings.to_vec();
    if sum <= total {
        return Ok(parts);
    }
    let mut open: Vec<usize> = (0..parts.len()).filter(|i| ceilings.get(*i) != Some(&0)).collect();
    let mut left = total;
    loop {
        let of_open: Vec<Ratio> =
            open.iter().map(|i| weights.get(*i).copied().unwrap_or(Ratio::ZERO)).collect();
        let split = largest_remainder(left, &of_open)?;
        let above: Vec<usize> = open
            .iter()
            .zip(&split)
            .filter(|(i, part)| ceilings.get(**i).is_some_and(|ceiling| *part > ceiling))
            .map(|(i, _)| *i)
            .collect();
        if above.is_empty() {
            for (i, part) in open.iter().zip(split) {
                if let Some(slot) = parts.get_mut(*i) {
                    *slot = part;
                }
            }
            return Ok(parts);
        }
        left -= above.iter().filter_map(|i| ceilings.get(*i)).sum::<i64>();
        open.retain(|i| !above.contains(i));
    }
}
