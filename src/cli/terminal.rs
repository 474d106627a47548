//! The size of the terminal, and its changes.

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Columns and rows of a terminal that does not tell.
pub const USUAL_SIZE: (usize, usize) = (80, 24);

/// Columns and rows of the terminal standard output shows on, now; `None` where it does not tell.
pub fn size_of_stdout() -> Option<(usize, usize)> {
    plain(terminal_size::terminal_size_of(std::io::stdout()))
}

/// Columns and rows of the terminal standard error shows on, now; `None` where it does not tell.
pub fn size_of_stderr() -> Option<(usize, usize)> {
    plain(terminal_size::terminal_size_of(std::io::stderr()))
}

fn plain(told: Option<(terminal_size::Width, terminal_size::Height)>) -> Option<(usize, usize)> {
    told.map(|(columns, rows)| (usize::from(columns.0), usize::from(rows.0)))
}

/// Tells when the terminal gets another size.
pub struct Resizes {
    #[cfg(unix)]
    signal: Option<Signal>,
}

impl Resizes {
    /// Begins to listen; where a system does not tell, nothing ever comes.
    pub fn start() -> Self {
        Self {
            #[cfg(unix)]
            signal: signal(SignalKind::window_change()).ok(),
        }
    }

    /// Waits for the next change.
    pub async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}
