//! Accounts as bytes, to be stored and gone on with later: a head (what this is, in which version, under which policy), the
//! books in a compact form, and a checksum.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

use super::books::Books;
use super::turn::Budgets;

/// What stored accounts begin with.
const MAGIC: &[u8] = b"meed";
/// The version of the form. A change of what is stored counts it up.
const VERSION: u8 = 1;
const CHECKSUM: usize = 32;

/// What is stored of an account, or of what all share.
#[derive(Serialize, Deserialize)]
pub(crate) struct Stored {
    /// The digest of what the policy says under which it was judged.
    pub policy: String,
    pub content: Content,
}

#[derive(Serialize, Deserialize)]
pub(crate) enum Content {
    Account {
        id: String,
        books: Box<Books>,
    },
    /// What all members have used of budgets.
    Shared(Vec<SharedBudget>),
}

/// What all members have used of one budget in one period.
#[derive(Serialize, Deserialize)]
pub(crate) struct SharedBudget {
    pub limit: crate::policy::LimitId,
    pub start: (i64, i32),
    pub used: crate::value::Ratio,
}

/// Why stored bytes cannot be gone on with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadError {
    /// They are not an account stored by Meed.
    NotStored,
    /// They were stored in a version of the form that this one does not read.
    OtherVersion(u8),
    /// They were cut short or changed.
    Damaged,
    /// They were judged under a policy that says something else: the digest of what it says.
    OtherPolicy(String),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::NotStored => f.write_str("these bytes are no stored account"),
            LoadError::OtherVersion(version) => {
                write!(
                    f,
                    "this account is stored in form {version}; this version of Meed reads form {VERSION}"
                )
            }
            LoadError::Damaged => f.write_str("this stored account was cut short or changed"),
            LoadError::OtherPolicy(digest) => {
                write!(
                    f,
                    "this account was judged under another policy ({digest}); replay its events under this one"
                )
            }
        }
    }
}

impl std::error::Error for LoadError {}

/// The bytes of what is stored.
pub(crate) fn write(stored: &Stored) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.push(VERSION);
    let content = postcard::to_allocvec(stored).unwrap_or_default();
    bytes.extend(Sha256::digest(&content));
    bytes.extend(content);
    bytes
}

/// What was stored in these bytes, under the policy whose meaning has this digest.
pub(crate) fn read(bytes: &[u8], policy: &str) -> Result<Content, LoadError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(LoadError::NotStored)?;
    let (version, rest) = rest.split_first().ok_or(LoadError::Damaged)?;
    if *version != VERSION {
        return Err(LoadError::OtherVersion(*version));
    }
    let (checksum, content) = rest.split_at_checked(CHECKSUM).ok_or(LoadError::Damaged)?;
    if *checksum != *Sha256::digest(content) {
        return Err(LoadError::Damaged);
    }
    let stored: Stored = postcard::from_bytes(content).map_err(|_| LoadError::Damaged)?;
    if stored.policy != policy {
        return Err(LoadError::OtherPolicy(stored.policy));
    }
    match stored.content {
        Content::Account { id, mut books } => {
            if !books.cases.is_sound() {
                return Err(LoadError::Damaged);
            }
            books.restore();
            Ok(Content::Account { id, books })
        }
        shared => Ok(shared),
    }
}

/// What all members have used of budgets, as it is stored.
pub(crate) fn shared(budgets: &Budgets) -> Content {
    let budgets = budgets.iter();
    Content::Shared(
        budgets
            .map(|((limit, start), used)| SharedBudget { limit: *limit, start: *start, used: *used })
            .collect(),
    )
}
