//! Flags every command has, and what they lead to.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args};

use super::values::{duration, namespace};
use crate::cluster::ConnectOptions;
use crate::render::style::ColorChoice;
use crate::wire::GoDuration;

const HEADING: &str = "Global flags";

/// Flags every command has. Precedence: flag, `ACMBACKUP_*`, kubeconfig, discovery, built-in.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = HEADING)]
pub struct GlobalArgs {
    /// Namespace to work in; found by its storage location if not given
    #[arg(
        short,
        long,
        global = true,
        value_name = "NS",
        value_parser = namespace,
        env = "ACMBACKUP_NAMESPACE",
        hide_env_values = true
    )]
    pub namespace: Option<String>,
    /// Kubeconfig context
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,
    /// Kubeconfig cluster
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    pub cluster: Option<String>,
    /// Kubeconfig user
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    pub user: Option<String>,
    /// Kubeconfig file; otherwise KUBECONFIG, then ~/.kube/config, then the pod's service account
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub kubeconfig: Option<PathBuf>,
    /// URL of the API server
    #[arg(short, long, global = true, value_name = "URL", hide_short_help = true)]
    pub server: Option<String>,
    /// Name the server's certificate must carry
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    pub tls_server_name: Option<String>,
    /// PEM file of the certificate authority
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub certificate_authority: Option<PathBuf>,
    /// Accept any certificate of the server; insecure
    #[arg(long, global = true, hide_short_help = true)]
    pub insecure_skip_tls_verify: bool,
    /// User to act as
    #[arg(long = "as", global = true, value_name = "USER", hide_short_help = true)]
    pub as_user: Option<String>,
    /// Group to act as; may be repeated
    #[arg(long = "as-group", global = true, value_name = "GROUP", hide_short_help = true)]
    pub as_groups: Vec<String>,
    /// Uid to act as
    #[arg(long, global = true, value_name = "UID", hide_short_help = true)]
    pub as_uid: Option<String>,
    /// Longest time for one request; 0 means no limit, watches have none
    #[arg(long, global = true, value_name = "DUR", value_parser = duration, default_value = "30s", hide_short_help = true)]
    pub request_timeout: GoDuration,
    /// When to use colour
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        env = "ACMBACKUP_COLOR",
        default_value = "auto",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub color: ColorChoice,
    /// Say more: -v decisions, -vv requests, -vvv everything but secrets
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Print results and errors only
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Nobody is there to be asked, and nothing may be printed.
    #[arg(skip)]
    pub unattended: bool,
}

impl GlobalArgs {
    /// How to reach the server.
    pub fn connect_options(&self) -> ConnectOptions {
        ConnectOptions {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            cluster: self.cluster.clone(),
            user: self.user.clone(),
            server: self.server.clone(),
            tls_server_name: self.tls_server_name.clone(),
            certificate_authority: self.certificate_authority.clone(),
            insecure_skip_tls_verify: self.insecure_skip_tls_verify,
            as_user: self.as_user.clone(),
            as_groups: self.as_groups.clone(),
            as_uid: self.as_uid.clone(),
            request_timeout: self.request_timeout.to_std().filter(|limit| *limit > Duration::ZERO),
            unattended: self.unattended,
        }
    }

    /// A command to show, complete with the flags that lead to this hub.
    pub fn command(&self, rest: &str) -> String {
        format!("kubectl acmbackup {rest}{}", self.leading())
    }

    /// The flags that say where and as whom, as far as they were given, each after a blank.
    pub fn leading(&self) -> String {
        let file = self.kubeconfig.as_ref().map(|file| file.display().to_string());
        let place = [
            ("-n", &self.namespace),
            ("--context", &self.context),
            ("--cluster", &self.cluster),
            ("--user", &self.user),
            ("--kubeconfig", &file),
            ("--server", &self.server),
            ("--as", &self.as_user),
            ("--as-uid", &self.as_uid),
        ];
        let given = place.into_iter().filter_map(|(flag, value)| Some((flag, value.as_deref()?)));
        let groups = self.as_groups.iter().map(|group| ("--as-group", group.as_str()));
        given.chain(groups).map(|(flag, value)| format!(" {flag} {value}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::cli::Cli;

    #[test]
    fn commands_to_show_lead_to_the_same_hub() {
        let cli = Cli::parse_from(["x", "status", "--context", "hub-west", "-n", "acm"]);
        assert_eq!(cli.globals.command("activate"), "kubectl acmbackup activate -n acm --context hub-west");
    }

    #[test]
    fn commands_to_show_act_as_the_same_user() {
        let given = "--user u --cluster c --server https://s --as jane --as-group a --as-group b --as-uid 7";
        let cli = Cli::parse_from(["x", "status"].into_iter().chain(given.split(' ')));
        assert_eq!(
            cli.globals.leading(),
            " --cluster c --user u --server https://s --as jane --as-uid 7 --as-group a --as-group b"
        );
    }
}
