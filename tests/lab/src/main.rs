//! `acmbackup-lab`: hubs on this machine, for trying things by hand.

use std::process::ExitCode;

use acmbackup_lab::assets::Assets;
use acmbackup_lab::background::{self, Running, State, Wanted};
use anyhow::Result;
use clap::{Parser, Subcommand};

/// Start real hubs on this machine: etcd, kube-apiserver, Velero and an object store
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start hubs that stay until `down`
    Up(Wanted),
    /// Stop them and remove their files
    Down,
    /// Say what runs
    Status,
    /// Build the programs hubs are made of, where they are not there yet
    Build,
    /// Hold the hubs; started by `up`
    #[command(hide = true, name = background::KEEPER_COMMAND)]
    Serve(Wanted),
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("acmbackup-lab: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<()> {
    match command {
        Command::Up(wanted) => show(&background::up(&wanted).await?),
        Command::Down if background::down().await? => println!("stopped"),
        Command::Down => println!("no lab is running"),
        Command::Status => match State::new()?.running()? {
            Some(running) => show(&running),
            None => println!("no lab is running"),
        },
        Command::Build => {
            let assets = Assets::find().await?;
            let Assets { etcd, kube_apiserver, kubectl, velero, versitygw, .. } = assets;
            for program in [etcd, kube_apiserver, kubectl, velero, versitygw] {
                println!("{}", program.display());
            }
        }
        Command::Serve(wanted) => background::serve(&wanted).await?,
    }
    Ok(())
}

/// Prints lines a shell can evaluate: what is not for it is a comment.
fn show(running: &Running) {
    let Running { pid, ready, folder, kubeconfig, hubs, store } = running;
    if !ready {
        println!("# starting, process {pid}");
        return;
    }
    println!("# contexts: {}", hubs.join(", "));
    println!("# files and logs: {}", folder.display());
    println!("# object store: {}", store.as_deref().unwrap_or("none"));
    println!("# process {pid}; stop with `acmbackup-lab down`");
    println!("export KUBECONFIG={}", kubeconfig.display());
}
