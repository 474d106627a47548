//! What a command has at hand: its global flags, its terminal, and on request a hub.

use jiff::Timestamp;

use super::environment::Environment;
use super::error::{CliError, Result};
use super::exit::{Exit, problem};
use super::global::GlobalArgs;
use crate::cluster::namespace::{self, Found, NamespaceProblem};
use crate::cluster::{self, Connection, Purpose, clock};
use crate::render::{Mark, Style};

/// What a command has at hand.
#[derive(Debug, Clone)]
pub struct Session {
    /// Flags every command has.
    pub globals: GlobalArgs,
    /// Where the program runs.
    pub environment: Environment,
    /// The moment everything is answered for; `None` = now.
    moment: Option<Timestamp>,
}

/// A hub, and the namespace of it that is worked in.
#[derive(Clone)]
pub struct Hub {
    /// Where the client leads.
    pub connection: Connection,
    /// The namespace, and why it was chosen.
    pub found: Found,
}

impl Hub {
    /// The namespace.
    pub fn namespace(&self) -> &str {
        &self.found.namespace
    }

    /// The client.
    pub fn client(&self) -> &kube::Client {
        &self.connection.client
    }
}

impl Session {
    /// A session of this process.
    pub fn new(globals: GlobalArgs) -> Self {
        Self { globals, environment: Environment::read(), moment: None }
    }

    /// A session that answers for the moment a state was captured, if that is known.
    #[must_use]
    pub fn at(&self, moment: Option<Timestamp>) -> Self {
        Self { moment: moment.or(self.moment), ..self.clone() }
    }

    /// A session of the terminal as it is now; its size may have changed.
    #[must_use]
    pub fn resized(&self) -> Self {
        Self { environment: Environment::read(), ..self.clone() }
    }

    /// The moment this is called, or the one a captured state is of.
    pub fn now(&self) -> Timestamp {
        self.moment.unwrap_or_else(clock::now)
    }

    /// How standard output is shown now.
    pub fn out(&self) -> Style {
        self.environment.stdout_style(self.globals.color, self.now())
    }

    /// How standard error is shown now.
    pub fn err(&self) -> Style {
        self.environment.stderr_style(self.globals.color, self.now())
    }

    /// A command to show, complete with the flags that lead to this hub.
    pub fn command(&self, rest: &str) -> String {
        self.globals.command(rest)
    }

    /// Connects, and finds the namespace.
    ///
    /// # Errors
    ///
    /// No kubeconfig, no server, or no single namespace.
    pub async fn hub(&self) -> Result<Hub> {
        let connection = self.connect().await?;
        let explicit = self.globals.namespace.as_deref().filter(|namespace| !namespace.is_empty());
        let found =
            namespace::find(&connection, explicit).await.map_err(|problem| self.no_namespace(problem))?;
        tracing::info!("namespace {} ({})", found.namespace, found.reason);
        Ok(Hub { connection, found })
    }

    /// As [`Session::hub`], but where nothing leads to a namespace the default one is taken.
    ///
    /// For reads that have something to say even where Velero or its storage is missing.
    ///
    /// # Errors
    ///
    /// No kubeconfig, no server, or several namespaces that fit.
    pub async fn hub_or_default(&self) -> Result<Hub> {
        let connection = self.connect().await?;
        let explicit = self.globals.namespace.as_deref().filter(|namespace| !namespace.is_empty());
        let found = match namespace::find(&connection, explicit).await {
            Err(NamespaceProblem::None | NamespaceProblem::NoVelero) => namespace::default_for_nothing(),
            found => found.map_err(|problem| self.no_namespace(problem))?,
        };
        tracing::info!("namespace {} ({})", found.namespace, found.reason);
        Ok(Hub { connection, found })
    }

    /// Connects only.
    ///
    /// # Errors
    ///
    /// No usable kubeconfig.
    pub async fn connect(&self) -> Result<Connection> {
        let connection = cluster::connect(&self.globals.connect_options(), Purpose::OneShot).await?;
        tracing::info!("context {}, server {}", connection.context, connection.server);
        Ok(connection)
    }

    /// Says something on standard error, unless `-q` was given.
    pub fn note(&self, mark: Mark, text: &str) {
        self.tell(&self.marked(mark, text));
    }

    /// A line for standard error behind a mark.
    pub fn marked(&self, mark: Mark, text: &str) -> String {
        format!("{} {}\n", self.err().mark(mark), crate::render::text::harmless(text))
    }

    /// Writes text on standard error, unless `-q` was given.
    pub fn tell(&self, text: &str) {
        if !self.globals.quiet {
            eprint!("{text}");
        }
    }

    /// Why no namespace was found, and what to try.
    pub fn no_namespace(&self, problem: NamespaceProblem) -> Box<CliError> {
        match problem {
            NamespaceProblem::Ambiguous(namespaces) => ambiguous(self, &namespaces),
            NamespaceProblem::None => CliError::named(
                problem::NAMESPACE_NOT_FOUND,
                Exit::NotReady,
                "no namespace has a storage location",
            )
            .why("backups and restores live in the namespace of the BackupStorageLocation")
            .try_("create a DataProtectionApplication, or name the namespace with -n"),
            NamespaceProblem::NoVelero => {
                cluster::Error::kind_missing("backupstoragelocations.velero.io").into()
            }
            NamespaceProblem::Failed(error) => error.into(),
        }
    }
}

fn ambiguous(session: &Session, namespaces: &[String]) -> Box<CliError> {
    let message =
        format!("{} namespaces have a storage location: {}", namespaces.len(), namespaces.join(", "));
    let first = namespaces.first().cloned().unwrap_or_default();
    CliError::named(problem::NAMESPACE_AMBIGUOUS, Exit::Refused, message)
        .try_(session.command(&format!("status -n {first}")))
}
