//! `cargo demo`: one hub backs itself up, is lost, and another hub takes over.
//!
//! A real API server, real Velero and a real S3 store per hub; the commands and screens are the plugin's own.

mod plugin;
mod proof;
mod story;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match acmbackup_lab::Lab::run(story::tell).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("\ndemo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Prints a headline between two steps of the story.
fn headline(number: usize, text: &str) {
    println!("\n\x1b[1m── {number}. {text}\x1b[0m");
}
