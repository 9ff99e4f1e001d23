//! The two ways in which messages are written.

/// How messages are written. Both ends of a channel use the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Serialization {
    /// One line of JSON a message.
    #[default]
    Json,
    /// Structured clones, each behind its length: Maps, Dates, BigInts, Buffers and cycles arrive as
    /// what they are.
    Advanced,
}

impl Serialization {
    /// Its word in the environment and in the options of `fork()`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Advanced => "advanced",
        }
    }
}
