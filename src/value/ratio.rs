//! Exact fractions of 128-bit integers. Every operation is checked: an answer that does not fit is an
//! [`Overflow`], never a wrong number.

use std::cmp::Ordering;
use std::fmt;

/// A number did not fit into the 128 bits (or a points count into 64) that Meed computes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow;

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the number is too large to compute with")
    }
}

impl std::error::Error for Overflow {}

/// A fraction in lowest terms with a positive denominator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Ratio {
    numerator: i128,
    denominator: i128,
}

impl Default for Ratio {
    fn default() -> Ratio {
        Ratio::ZERO
    }
}

#[expect(
    clippy::should_implement_trait,
    reason = "they are checked and may fail, which the operators cannot"
)]
impl Ratio {
    /// Nought.
    pub const ZERO: Ratio = Ratio { numerator: 0, denominator: 1 };
    /// One.
    pub const ONE: Ratio = Ratio { numerator: 1, denominator: 1 };

    /// `numerator / denominator`, reduced. Overflow where the denominator is zero or a sign cannot be turned.
    pub fn new(numerator: i128, denominator: i128) -> Result<Ratio, Overflow> {
        if denominator == 1 {
            return Ok(Ratio { numerator, denominator });
        }
        let divisor = gcd(numerator.unsigned_abs(), denominator.unsigned_abs());
        let divisor = i128::try_from(divisor).map_err(|_| Overflow)?;
        let (n, d) = (
            numerator.checked_div(divisor).ok_or(Overflow)?,
            denominator.checked_div(divisor).ok_or(Overflow)?,
        );
        match d.cmp(&0) {
            Ordering::Equal => Err(Overflow),
            Ordering::Greater => Ok(Ratio { numerator: n, denominator: d }),
            Ordering::Less => Ok(Ratio {
                numerator: n.checked_neg().ok_or(Overflow)?,
                denominator: d.checked_neg().ok_or(Overflow)?,
            }),
        }
    }

    /// A whole number.
    pub fn whole(n: impl Into<i128>) -> Ratio {
        Ratio { numerator: n.into(), denominator: 1 }
    }

    /// The numerator, in lowest terms; carries the sign.
    pub fn numerator(self) -> i128 {
        self.numerator
    }

    /// The denominator, in lowest terms; above zero.
    pub fn denominator(self) -> i128 {
        self.denominator
    }

    /// True for zero.
    pub fn is_zero(self) -> bool {
        self.numerator == 0
    }

    /// True below zero.
    pub fn is_negative(self) -> bool {
        self.numerator < 0
    }

    /// Sum.
    pub fn add(self, other: Ratio) -> Result<Ratio, Overflow> {
        let common = i128::try_from(gcd(self.denominator.unsigned_abs(), other.denominator.unsigned_abs()))
            .map_err(|_| Overflow)?;
        let (left, right) = (other.denominator.checked_div(common), self.denominator.checked_div(common));
        let (left, right) = (left.ok_or(Overflow)?, right.ok_or(Overflow)?);
        let a = self.numerator.checked_mul(left).ok_or(Overflow)?;
        let b = other.numerator.checked_mul(right).ok_or(Overflow)?;
        let d = self.denominator.checked_mul(left).ok_or(Overflow)?;
        Ratio::new(a.checked_add(b).ok_or(Overflow)?, d)
    }

    /// Difference.
    pub fn sub(self, other: Ratio) -> Result<Ratio, Overflow> {
        self.add(other.neg()?)
    }

    /// The same with the sign turned.
    pub fn neg(self) -> Result<Ratio, Overflow> {
        Ok(Ratio { numerator: self.numerator.checked_neg().ok_or(Overflow)?, ..self })
    }

    /// Product.
    pub fn mul(self, other: Ratio) -> Result<Ratio, Overflow> {
        // Crosswise reduction first keeps the intermediates as small as the answer allows.
        let (a, d) =
            (Ratio::new(self.numerator, other.denominator)?, Ratio::new(other.numerator, self.denominator)?);
        let n = a.numerator.checked_mul(d.numerator).ok_or(Overflow)?;
        Ratio::new(n, a.denominator.checked_mul(d.denominator).ok_or(Overflow)?)
    }

    /// Quotient; overflow on a zero divisor.
    pub fn div(self, other: Ratio) -> Result<Ratio, Overflow> {
        self.mul(Ratio::new(other.denominator, other.numerator)?)
    }

    /// The largest whole number not above it.
    pub fn floor(self) -> i128 {
        self.numerator.div_euclid(self.denominator)
    }

    /// What is left above [`Ratio::floor`]: at least 0, below 1.
    pub fn fraction(self) -> Ratio {
        Ratio { numerator: self.numerator.rem_euclid(self.denominator), denominator: self.denominator }
    }

    /// The floor as a points count.
    pub fn floor_points(self) -> Result<i64, Overflow> {
        i64::try_from(self.floor()).map_err(|_| Overflow)
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Ratio) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ratio {
    /// Exact for all values: where a product does not fit, it compares whole parts, then the turned-over fractions.
    fn cmp(&self, other: &Ratio) -> Ordering {
        let left = self.numerator.checked_mul(other.denominator);
        if let (Some(left), Some(right)) = (left, other.numerator.checked_mul(self.denominator)) {
            return left.cmp(&right);
        }
        let (mut a, mut b) = (*self, *other);
        loop {
            match a.floor().cmp(&b.floor()) {
                Ordering::Equal => {}
                different => return different,
            }
            let (x, y) = (a.fraction(), b.fraction());
            match (x.is_zero(), y.is_zero()) {
                (true, true) => return Ordering::Equal,
                (true, false) => return Ordering::Less,
                (false, true) => return Ordering::Greater,
                // 1/x and 1/y compare the other way round.
                (false, false) => {
                    (a, b) = (
                        Ratio { numerator: y.denominator, denominator: y.numerator },
                        Ratio { numerator: x.denominator, denominator: x.numerator },
                    );
                }
            }
        }
    }
}

impl fmt::Display for Ratio {
    /// As a decimal where it ends within 18 digits (`16.5`), else as a fraction (`100/3`).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match super::decimal::digits_needed(*self) {
            Some(digits) => f.write_str(&super::decimal::format(*self, digits)),
            None => write!(f, "{}/{}", self.numerator, self.denominator),
        }
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        // Most numbers are small, and a division of 64 bits is many times quicker.
        (a, b) = match (u64::try_from(a), u64::try_from(b)) {
            (Ok(small), Ok(divisor)) => (b, u128::from(small.checked_rem(divisor).unwrap_or(0))),
            _ => (b, a % b),
        };
    }
    a.max(1)
}
