//! Sinks: where alerts go. Each takes one alert at a time, and says what became of it in words that a caller can act on;
//! when to try again, and what to say, is the caller's business.

mod lines;
mod retry_after;
mod signature;
mod webhook;

pub use lines::{append, print};
pub use webhook::{Webhook, WebhookError, check_header, check_url};

/// Why a sink has not taken an alert.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The sink cannot be reached, is busy or broken; later it may work.
    #[error("{reason}")]
    Trouble {
        /// What happened.
        reason: String,
        /// How long the sink wants to be left alone.
        wait_s: Option<u64>,
    },
    /// The sink does not want this alert as it is, and will hardly change its mind.
    #[error("{reason}")]
    Refused {
        /// What it said.
        reason: String,
    },
    /// The sink is no more, and says so.
    #[error("{reason}")]
    Gone {
        /// What it said.
        reason: String,
    },
}

impl From<std::io::Error> for SendError {
    fn from(error: std::io::Error) -> Self {
        SendError::Trouble { reason: error.to_string(), wait_s: None }
    }
}
