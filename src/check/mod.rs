//! Tree to checked policy. Names are resolved, units and types agree, every choice that a policy may not
//! leave silent is made, dates fit. Only this stage can build a [`Policy`], so nothing unchecked is ever run.

pub mod policy;

pub use policy::Policy;
