//! Who else writes an object: tools that hold objects to what a repository says.

use kube::core::ObjectMeta;

/// Annotations and labels by which the tools know their objects.
const MARKS: [(&str, &str); 6] = [
    ("argocd.argoproj.io/tracking-id", "Argo CD"),
    ("argocd.argoproj.io/instance", "Argo CD"),
    ("kustomize.toolkit.fluxcd.io/name", "Flux"),
    ("helm.toolkit.fluxcd.io/name", "Flux"),
    ("meta.helm.sh/release-name", "Helm"),
    ("apps.open-cluster-management.io/hosting-subscription", "an application subscription"),
];

/// The tool that made an object and will set back what others change; `None` if no mark tells of one.
pub fn manager_of(metadata: &ObjectMeta) -> Option<&'static str> {
    let has = |key: &str| {
        let marks = [&metadata.annotations, &metadata.labels];
        marks.into_iter().flatten().any(|marks| marks.contains_key(key))
    };
    MARKS.into_iter().find(|(key, _)| has(key)).map(|(_, tool)| tool)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_known_by_their_marks() {
        let with = |field: &str, key: &str| -> ObjectMeta {
            serde_json::from_value(serde_json::json!({field: {key: "x"}})).unwrap()
        };
        assert_eq!(manager_of(&with("annotations", "argocd.argoproj.io/tracking-id")), Some("Argo CD"));
        assert_eq!(manager_of(&with("labels", "kustomize.toolkit.fluxcd.io/name")), Some("Flux"));
        assert_eq!(manager_of(&with("labels", "team")), None);
    }
}
