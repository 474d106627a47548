//! Trouble with the credentials of a kubeconfig user, in words that hold none of them.

use std::error::Error;

use kube::client::AuthError;

/// What is wrong with the credentials; `None` if the error is about something else.
///
/// The words of the cause quote how a credential plugin was called and what it printed, which may be a secret.
pub(super) fn trouble(error: &(dyn Error + 'static)) -> Option<String> {
    // `kube::Error::Auth` may give the cause of its cause.
    let inside = match error.downcast_ref::<kube::Error>() {
        Some(kube::Error::Auth(inside)) => Some(inside),
        _ => error.downcast_ref::<AuthError>(),
    };
    inside.map(words).or_else(|| trouble(error.source()?))
}

fn words(error: &AuthError) -> String {
    const PLUGIN: &str = "the credential plugin of this kubeconfig user";
    match error {
        AuthError::AuthExecStart(error) => format!("{PLUGIN} cannot be started: {error}"),
        AuthError::AuthExecRun { out, .. } => format!("{PLUGIN} failed: {}", out.status),
        AuthError::AuthExecParse(_) | AuthError::ExecPluginFailed => {
            format!("{PLUGIN} printed no ExecCredential")
        }
        AuthError::MissingCommand => format!("{PLUGIN} has no command"),
        AuthError::ExecMissingClusterInfo => {
            format!("{PLUGIN} wants facts of the cluster that are not there")
        }
        AuthError::ReadTokenFile(error, path) => {
            format!("the token in {} cannot be read: {error}", path.display())
        }
        _ => "the credentials of this kubeconfig user cannot be used".to_owned(),
    }
}
