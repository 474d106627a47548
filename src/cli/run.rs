//! `run`: the reconcile loop in the foreground.

use std::io::{IsTerminal, stderr};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use tokio::sync::watch;
use tokio::time::sleep;

use super::error::{CliError, Result};
use super::exit::{Exit, problem};
use super::session::Session;
use super::values::{address, namespace, object_name, word};
use crate::api::keys::{HUB_ID_UNKNOWN, LEASE_NAME};
use crate::cluster::facts::id_of_hub;
use crate::cluster::lease::{Holder, LeaseOptions};
use crate::cluster::namespace::{DEFAULT_NAMESPACE, NamespaceProblem, find};
use crate::cluster::{self, Connection, Purpose, clock};
use crate::controller::health::bind_address;
use crate::controller::{self, End, LeaseChoice, Problem, RunOptions};
use crate::plan::LoopOptions;
use crate::render::hub_id::ShortIds;
use crate::wire::GoDuration;

/// Run the reconcile loop in the foreground
///
/// Acts on BackupSchedules and Restores as the operator does, under the operator's own lease, so that the
/// two never act on one hub together. The first Ctrl-C, SIGTERM or SIGHUP finishes what is being done, gives the
/// lease back and exits with 0; the second one exits at once.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  kubectl acmbackup run
  kubectl acmbackup run --dry-run
  kubectl acmbackup run --once --wait-for-lease
  kubectl acmbackup run --health-bind-address 8081 --metrics-bind-address 8080 --log-format json")]
pub struct RunArgs {
    /// Work in all namespaces
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    /// Stop when nothing more can be done without waiting
    #[arg(long)]
    once: bool,
    /// Log every step and take none; needs no lease
    #[arg(long)]
    dry_run: bool,
    /// Hold the lease while working
    #[arg(long, value_name = "BOOL", default_value_t = true, default_missing_value = "true",
        num_args = 0..=1, require_equals = true, action = clap::ArgAction::Set)]
    leader_elect: bool,
    /// Name of the lease
    #[arg(long, value_name = "NAME", default_value = LEASE_NAME, value_parser = object_name)]
    lease_name: String,
    /// Namespace of the lease; the operator's, else kube-system, if not given
    #[arg(long, value_name = "NS", value_parser = namespace)]
    lease_namespace: Option<String>,
    /// How long others wait for a holder that does not renew
    #[arg(long, value_name = "DUR", default_value = "137s", alias = "leader-election-lease-duration")]
    lease_duration: GoDuration,
    /// How long the holder tries to renew before it gives up
    #[arg(long, value_name = "DUR", default_value = "107s", alias = "leader-election-renew-deadline")]
    lease_renew_deadline: GoDuration,
    /// How often it is tried
    #[arg(long, value_name = "DUR", default_value = "26s", alias = "leader-election-retry-period")]
    lease_retry_period: GoDuration,
    /// Stand by while somebody else holds the lease, instead of refusing
    #[arg(long)]
    wait_for_lease: bool,
    /// Serve /metrics here: host:port, or a port for loopback; 0 = off
    #[arg(long, value_name = "ADDR", default_value = "0", value_parser = address)]
    metrics_bind_address: String,
    /// Serve /healthz and /readyz here: host:port, or a port for loopback; 0 = off
    #[arg(long, value_name = "ADDR", default_value = "0", value_parser = address, alias = "health-probe-bind-address")]
    health_bind_address: String,
    /// How the log looks; auto = text on a terminal, json otherwise
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    log_format: LogFormat,
    /// Id of this hub, for hubs without an OpenShift cluster id
    #[arg(long, value_name = "ID", default_value = "auto", value_parser = word)]
    hub_id: String,
    /// Also accept a storage location that has no owner, as plain Velero makes it
    #[arg(long)]
    accept_unowned_storage: bool,
    /// How long the end may take
    #[arg(long, value_name = "DUR", default_value = "30s")]
    shutdown_grace: GoDuration,
    /// Accepted for the operator's command line; there is no webhook here
    #[arg(long, hide = true, value_name = "BOOL", default_missing_value = "true", num_args = 0..=1, require_equals = true)]
    enable_http2: Option<bool>,
}

/// How the log of the loop looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// Lines for people.
    Text,
    /// One JSON object per line.
    Json,
}

impl RunArgs {
    /// True if the log is JSON.
    pub fn logs_json(&self) -> bool {
        match self.log_format {
            LogFormat::Auto => !stderr().is_terminal(),
            LogFormat::Text => false,
            LogFormat::Json => true,
        }
    }

    /// All but the namespace, which only a hub can tell.
    fn options(&self) -> Result<RunOptions> {
        let limit = |name: &str, duration: &GoDuration| {
            let usage = || CliError::new(Exit::Usage, format!("--{name} must be positive"));
            duration.to_std().filter(|limit| *limit > Duration::ZERO).ok_or_else(usage)
        };
        let mut options = LeaseOptions {
            name: self.lease_name.clone(),
            duration: limit("lease-duration", &self.lease_duration)?,
            renew_deadline: limit("lease-renew-deadline", &self.lease_renew_deadline)?,
            retry_period: limit("lease-retry-period", &self.lease_retry_period)?,
            ..LeaseOptions::upstream()
        };
        if let Some(namespace) = &self.lease_namespace {
            (options.namespace, options.or_namespace) = (namespace.clone(), None);
        }
        check_times(&options)?;
        Ok(RunOptions {
            namespace: None,
            once: self.once,
            dry_run: self.dry_run,
            lease: self.leader_elect.then_some(LeaseChoice { options, wait: self.wait_for_lease }),
            metrics_address: bind_address(&self.metrics_bind_address),
            health_address: bind_address(&self.health_bind_address),
            hub_id: (self.hub_id != "auto").then(|| self.hub_id.clone()),
            planning: LoopOptions { accept_unowned_storage: self.accept_unowned_storage },
            shutdown_grace: limit("shutdown-grace", &self.shutdown_grace)?,
        })
    }
}

/// As client-go demands: a holder gives up before others may take over, and tries more than once.
fn check_times(options: &LeaseOptions) -> Result<()> {
    if options.renew_deadline >= options.duration || options.retry_period >= options.renew_deadline {
        let message = "--lease-duration must be longer than --lease-renew-deadline, and that longer than --lease-retry-period";
        return Err(CliError::new(Exit::Usage, message));
    }
    Ok(())
}

/// Runs the loop until a signal, or with `--once` until all is settled.
///
/// # Errors
///
/// It could not start, or lost its lease.
pub async fn run(args: RunArgs, session: &Session) -> Result<Exit> {
    let options = args.options()?;
    let connection = cluster::connect(&session.globals.connect_options(), Purpose::Loop).await?;
    let namespace = namespace_of(&connection, &args, session).await?;
    let options = RunOptions { namespace: (!args.all_namespaces).then_some(namespace), ..options };
    let reach =
        options.namespace.as_deref().map_or("all namespaces".to_owned(), |ns| format!("namespace {ns}"));
    let dry = if args.dry_run { "  dry run: no step is taken" } else { "" };
    let hub = hub_id(&connection, &options).await;
    tracing::info!(
        context = connection.context,
        hub,
        "{}  {}  {reach}{dry}",
        connection.context,
        ShortIds::of([hub.as_str()]).show(&hub)
    );
    let (stop, stopped) = watch::channel(false);
    let stop = Arc::new(stop);
    let grace = options.shutdown_grace;
    tokio::select! {
        ended = controller::run(&connection, options, stopped) => match ended {
            Ok(End::Settled) => Ok(Exit::Done),
            Ok(End::EndedInPart) => Ok(Exit::EndedInPart),
            Ok(End::EndedBadly) => Ok(Exit::EndedBadly),
            Err(problem) => Err(explain(problem, session)),
        },
        exit = forced_end(&stop, grace) => Ok(exit),
    }
}

/// Who this hub is, as far as that can be read; what needs it reads it again.
async fn hub_id(connection: &Connection, options: &RunOptions) -> String {
    let id = id_of_hub(&connection.client, options.hub_id.as_deref()).await;
    id.unwrap_or_else(|error| {
        tracing::warn!("the hub's id is not known: {error}");
        HUB_ID_UNKNOWN.to_owned()
    })
}

/// The loop can wait for Velero, so a hub without it is no reason to stop here.
async fn namespace_of(connection: &Connection, args: &RunArgs, session: &Session) -> Result<String> {
    let explicit = session.globals.namespace.as_deref().filter(|namespace| !namespace.is_empty());
    match find(connection, explicit).await {
        Ok(found) => Ok(found.namespace),
        Err(NamespaceProblem::Ambiguous(_)) if args.all_namespaces => Ok(DEFAULT_NAMESPACE.to_owned()),
        Err(NamespaceProblem::NoVelero | NamespaceProblem::None) => {
            let context = connection.context_namespace.clone().filter(|_| connection.is_in_pod());
            Ok(context.unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned()))
        }
        Err(problem) => Err(session.no_namespace(problem)),
    }
}

/// Tells the loop to stop at the first signal; returns if that takes too long, or at the second one.
async fn forced_end(stop: &watch::Sender<bool>, grace: Duration) -> Exit {
    let Ok(mut signals) = Signals::new() else { return std::future::pending().await };
    let first = signals.next().await;
    tracing::info!("stopping; once more to leave at once");
    stop.send_replace(true);
    tokio::select! {
        second = signals.next() => second,
        () = sleep(grace) => first,
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    /// The terminal went away; `None` where the loop was started to outlive that.
    hangup: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: if outlives_terminal() { None } else { Some(signal(SignalKind::hangup())?) },
        })
    }

    async fn next(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
            Some(()) = receive(self.hangup.as_mut()) => Exit::Terminated,
        }
    }
}

#[cfg(unix)]
async fn receive(signal: Option<&mut tokio::signal::unix::Signal>) -> Option<()> {
    signal?.recv().await
}

/// True under `nohup`: the signal was ignored from the start, and a handler would undo that.
#[cfg(unix)]
fn outlives_terminal() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & 1 == 1)
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Exit {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Exit::Interrupted,
            Err(_) => std::future::pending().await,
        }
    }
}

fn explain(problem: Problem, session: &Session) -> Box<CliError> {
    match problem {
        Problem::KindsMissing(kinds) => {
            cluster::Error::kind_missing(kinds.first().cloned().unwrap_or_default()).into()
        }
        Problem::Forbidden(verbs) => {
            let error =
                CliError::named(problem::FORBIDDEN, Exit::Unreachable, "the loop may not read what it needs");
            let error = verbs.into_iter().fold(error, CliError::detail);
            error.try_("grant the verbs above in a Role or ClusterRole, or name a namespace with -n")
        }
        twice @ Problem::VeleroTwice { .. } => {
            CliError::named(problem::VELERO_TWICE, Exit::Refused, twice.to_string())
                .why("each backup and restore is taken by whichever is first, and both may delete")
                .try_for(session.command("doctor"), "then leave one, or move the other to its own namespace")
        }
        Problem::LeaseHeld(holder) => lease_held(&holder, session),
        Problem::LeaseLost(error) => {
            CliError::named(problem::LEASE_HELD, Exit::Refused, format!("lost the lease: {}", error.cause()))
                .why("somebody else may act on this hub now, so this loop stopped")
                .try_for(session.command("run --wait-for-lease"), "stand by")
        }
        Problem::Bind(address, error) => {
            CliError::new(Exit::Usage, format!("cannot listen on {address}: {error}"))
        }
        Problem::Cluster(error) => error.into(),
    }
}

fn lease_held(holder: &Holder, session: &Session) -> Box<CliError> {
    let renewed = match holder.renewed {
        Some(renewed) => format!("renewed {}s ago", clock::now().duration_since(renewed).as_secs().max(0)),
        None => "never renewed".to_owned(),
    };
    let message = format!("the loop already runs on this hub: {holder} holds the lease, {renewed}");
    CliError::named(problem::LEASE_HELD, Exit::Refused, message)
        .try_for(session.command("run --wait-for-lease"), "stand by")
        .try_for(session.command("run --dry-run"), "watch what it would do")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    /// The arguments of its container, as its Deployment has them.
    #[test]
    fn the_operators_own_arguments_mean_the_same_here() {
        let words = "kubectl-acmbackup run --leader-elect --metrics-bind-address=:8080 \
            --health-probe-bind-address=:8081 --leader-election-lease-duration=1m0s \
            --leader-election-renew-deadline=40s --leader-election-retry-period=10s --enable-http2=false";
        let cli = crate::cli::Cli::try_parse_from(words.split_whitespace()).unwrap();
        let crate::cli::Command::Run(args) = cli.command else { panic!("another command") };
        let options = args.options().unwrap();
        let times = options.lease.unwrap().options;
        assert_eq!(times.duration, Duration::from_secs(60));
        assert_eq!(
            (times.renew_deadline, times.retry_period),
            (Duration::from_secs(40), Duration::from_secs(10))
        );
        let addresses = [options.metrics_address, options.health_address].map(Option::unwrap);
        assert_eq!(addresses, ["0.0.0.0:8080", "0.0.0.0:8081"]);
    }
}
