//! The JSON forms that Meed publishes: separate from the types inside, so that these can change and those cannot.

pub mod answer;
