//! Who may talk to a hub.

use crate::kubeconfig::Entry;

/// User in `system:masters`.
pub(crate) const ADMIN: &str = "admin";

/// A hub as its users need to know it.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    /// Name of the hub.
    pub(crate) hub: String,
    pub(crate) server: String,
    /// Authority that signed the server's certificate, PEM.
    pub(crate) authority: String,
}

impl Access {
    /// What a kubeconfig of `user` holds.
    pub(crate) fn entry(&self, user: &str) -> Entry {
        Entry {
            context: self.hub.clone(),
            server: self.server.clone(),
            authority: self.authority.clone(),
            user: user.to_owned(),
            token: token(user),
        }
    }
}

/// The API server's list of tokens: token, user, uid, groups.
pub(crate) fn token_file(users: &[(String, Vec<String>)]) -> String {
    let users = users.iter().map(|(user, groups)| (user.as_str(), groups.join(",")));
    let all = users.chain([(ADMIN, "system:masters".to_owned())]);
    all.map(|(user, groups)| format!("{},{user},{user},\"{groups}\"\n", token(user))).collect()
}

fn token(user: &str) -> String {
    format!("lab-token-of-{user}")
}
