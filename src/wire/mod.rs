//! Value types exactly as written on the wire.

pub(crate) mod text_enum;
