//! Nothing but benches, see `benches/speed.rs`.
