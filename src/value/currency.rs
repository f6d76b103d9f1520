//! ISO 4217 currencies: a code and how many digits its minor unit has.

use super::decimal;
use super::ratio::Ratio;

/// A currency. Money is counted in its minor unit (JPY: a yen, USD: a cent).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Currency {
    /// Three capitals, as in ISO 4217.
    pub code: [u8; 3],
    /// Digits after the point (ISO 4217 "minor unit").
    pub digits: u32,
}

// ISO 4217 list one (active currencies). Two digits unless listed here.
const NO_DIGITS: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
const THREE_DIGITS: &str = "BHD IQD JOD KWD LYD OMR TND";
const FOUR_DIGITS: &str = "CLF UYW";
const TWO_DIGITS: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD \
    CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL \
    HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR \
    MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD \
    SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER \
    ZAR ZMW ZWG";

impl Currency {
    /// The currency with this code, if ISO 4217 has it.
    pub fn from_code(code: &str) -> Option<Currency> {
        let bytes: [u8; 3] = code.as_bytes().try_into().ok()?;
        let lists = [(NO_DIGITS, 0), (TWO_DIGITS, 2), (THREE_DIGITS, 3), (FOUR_DIGITS, 4)];
        let found = lists.iter().find(|(list, _)| list.split_whitespace().any(|c| c == code))?;
        Some(Currency { code: bytes, digits: found.1 })
    }

    /// All codes, for "did you mean".
    pub fn codes() -> impl Iterator<Item = &'static str> {
        [NO_DIGITS, TWO_DIGITS, THREE_DIGITS, FOUR_DIGITS].into_iter().flat_map(str::split_whitespace)
    }

    /// The three letters.
    pub fn name(&self) -> &str {
        std::str::from_utf8(&self.code).unwrap_or("???")
    }

    /// How many minor units one major unit has.
    pub fn scale(&self) -> i128 {
        10i128.saturating_pow(self.digits)
    }

    /// An amount in major units (`12.50`) as whole minor units; None where it has more digits than the
    /// currency or does not fit 64 bits.
    pub fn minor_units(&self, major: Ratio) -> Option<i64> {
        let minor = major.mul(Ratio::whole(self.scale())).ok()?;
        (minor.denominator() == 1).then(|| i64::try_from(minor.numerator()).ok()).flatten()
    }

    /// An amount of minor units for people: `1,234.50 USD`. Fractions of a minor unit are written out.
    pub fn format(&self, minor: Ratio) -> String {
        let Ok(major) = minor.div(Ratio::whole(self.scale())) else {
            return format!("{minor} {}", self.name());
        };
        let whole = decimal::grouped(major.numerator() / major.denominator());
        let sign = if major.is_negative() && !whole.starts_with('-') { "-" } else { "" };
        let text = match decimal::digits_needed(major) {
            Some(0) if self.digits == 0 => String::new(),
            Some(needed) => {
                let text = decimal::format(major, needed.max(self.digits));
                text.split_once('.').map_or(String::new(), |(_, fraction)| format!(".{fraction}"))
            }
            None => return format!("{major} {}", self.name()),
        };
        format!("{sign}{whole}{text} {}", self.name())
    }
}
