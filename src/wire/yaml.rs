//! stub
/// stub
pub(crate) fn document(_text: &str) -> Result<super::value::Node, crate::eval::Refusal> { super::json::parse("{}") }
