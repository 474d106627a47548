//! The kinds a hub serves besides Kubernetes', Velero's and ours.

use Scope::{Cluster, Namespaced};

/// Whether objects of a kind are in namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One per name in the whole hub.
    Cluster,
    /// One per name and namespace.
    Namespaced,
}

/// A kind, as its CRD names it.
#[derive(Clone, Copy, Debug)]
pub struct HubKind {
    /// API group.
    pub group: &'static str,
    /// The version served and stored.
    pub version: &'static str,
    /// Kind.
    pub kind: &'static str,
    /// Plural, lower case.
    pub plural: &'static str,
    /// Scope.
    pub scope: Scope,
}

const fn kind(
    group: &'static str,
    version: &'static str,
    (kind, plural): (&'static str, &'static str),
    scope: Scope,
) -> HubKind {
    HubKind { group, version, kind, plural, scope }
}

const ADDON: &str = "addon.open-cluster-management.io";
const AGENT_INSTALL: &str = "agent-install.openshift.io";
const APPS: &str = "apps.open-cluster-management.io";
const ARGO: &str = "argoproj.io";
const CLUSTER: &str = "cluster.open-cluster-management.io";
const DISCOVERY: &str = "discovery.open-cluster-management.io";
const HIVE: &str = "hive.openshift.io";
const HIVE_EXTENSIONS: &str = "extensions.hive.openshift.io";
const METAL3: &str = "metal3.io";
const OBSERVABILITY: &str = "observability.open-cluster-management.io";
const OPERATOR: &str = "operator.open-cluster-management.io";
const POLICY: &str = "policy.open-cluster-management.io";
const WORK: &str = "work.open-cluster-management.io";

/// Every kind of the hub the lab can install; all have a status subresource and an open schema.
pub static HUB_KINDS: &[HubKind] = &[
    kind(ADDON, "v1alpha1", ("AddOnDeploymentConfig", "addondeploymentconfigs"), Namespaced),
    kind(ADDON, "v1alpha1", ("AddOnTemplate", "addontemplates"), Cluster),
    kind(ADDON, "v1alpha1", ("ClusterManagementAddOn", "clustermanagementaddons"), Cluster),
    kind(ADDON, "v1alpha1", ("ManagedClusterAddOn", "managedclusteraddons"), Namespaced),
    kind(
        "agent.open-cluster-management.io",
        "v1",
        ("KlusterletAddonConfig", "klusterletaddonconfigs"),
        Namespaced,
    ),
    kind(AGENT_INSTALL, "v1beta1", ("Agent", "agents"), Namespaced),
    kind(AGENT_INSTALL, "v1beta1", ("AgentClassification", "agentclassifications"), Namespaced),
    kind(AGENT_INSTALL, "v1beta1", ("AgentServiceConfig", "agentserviceconfigs"), Cluster),
    kind(AGENT_INSTALL, "v1beta1", ("InfraEnv", "infraenvs"), Namespaced),
    kind(AGENT_INSTALL, "v1beta1", ("NMStateConfig", "nmstateconfigs"), Namespaced),
    kind("app.k8s.io", "v1beta1", ("Application", "applications"), Namespaced),
    kind(APPS, "v1", ("Channel", "channels"), Namespaced),
    kind(APPS, "v1", ("Deployable", "deployables"), Namespaced),
    kind(APPS, "v1beta1", ("GitOpsCluster", "gitopsclusters"), Namespaced),
    kind(APPS, "v1", ("HelmRelease", "helmreleases"), Namespaced),
    kind(
        APPS,
        "v1alpha1",
        ("MulticlusterApplicationSetReport", "multiclusterapplicationsetreports"),
        Namespaced,
    ),
    kind(APPS, "v1", ("PlacementRule", "placementrules"), Namespaced),
    kind(APPS, "v1", ("Subscription", "subscriptions"), Namespaced),
    kind(APPS, "v1alpha1", ("SubscriptionReport", "subscriptionreports"), Namespaced),
    kind(ARGO, "v1alpha1", ("AppProject", "appprojects"), Namespaced),
    kind(ARGO, "v1alpha1", ("Application", "applications"), Namespaced),
    kind(ARGO, "v1alpha1", ("ApplicationSet", "applicationsets"), Namespaced),
    kind(ARGO, "v1beta1", ("ArgoCD", "argocds"), Namespaced),
    kind(
        "authentication.open-cluster-management.io",
        "v1beta1",
        ("ManagedServiceAccount", "managedserviceaccounts"),
        Namespaced,
    ),
    kind(CLUSTER, "v1alpha1", ("AddOnPlacementScore", "addonplacementscores"), Namespaced),
    kind(CLUSTER, "v1alpha1", ("ClusterClaim", "clusterclaims"), Cluster),
    kind(CLUSTER, "v1beta1", ("ClusterCurator", "clustercurators"), Namespaced),
    kind(CLUSTER, "v1", ("ManagedCluster", "managedclusters"), Cluster),
    kind(CLUSTER, "v1beta2", ("ManagedClusterSet", "managedclustersets"), Cluster),
    kind(CLUSTER, "v1beta2", ("ManagedClusterSetBinding", "managedclustersetbindings"), Namespaced),
    kind(CLUSTER, "v1beta1", ("Placement", "placements"), Namespaced),
    kind(CLUSTER, "v1beta1", ("PlacementDecision", "placementdecisions"), Namespaced),
    kind("config.openshift.io", "v1", ("ClusterVersion", "clusterversions"), Cluster),
    kind("console.open-cluster-management.io", "v1", ("UserPreference", "userpreferences"), Cluster),
    kind("core.observatorium.io", "v1alpha1", ("Observatorium", "observatoria"), Namespaced),
    kind(DISCOVERY, "v1", ("DiscoveredCluster", "discoveredclusters"), Namespaced),
    kind(DISCOVERY, "v1", ("DiscoveryConfig", "discoveryconfigs"), Namespaced),
    kind(HIVE_EXTENSIONS, "v1beta1", ("AgentClusterInstall", "agentclusterinstalls"), Namespaced),
    kind(HIVE_EXTENSIONS, "v1alpha1", ("ImageClusterInstall", "imageclusterinstalls"), Namespaced),
    kind(HIVE, "v1", ("ClusterClaim", "clusterclaims"), Namespaced),
    kind(HIVE, "v1", ("ClusterDeployment", "clusterdeployments"), Namespaced),
    kind(HIVE, "v1", ("ClusterDeprovision", "clusterdeprovisions"), Namespaced),
    kind(HIVE, "v1", ("ClusterImageSet", "clusterimagesets"), Cluster),
    kind(HIVE, "v1", ("ClusterPool", "clusterpools"), Namespaced),
    kind(HIVE, "v1", ("ClusterProvision", "clusterprovisions"), Namespaced),
    kind(HIVE, "v1", ("DNSZone", "dnszones"), Namespaced),
    kind(HIVE, "v1", ("HiveConfig", "hiveconfigs"), Cluster),
    kind(HIVE, "v1", ("MachinePool", "machinepools"), Namespaced),
    kind(HIVE, "v1", ("SelectorSyncSet", "selectorsyncsets"), Cluster),
    kind(HIVE, "v1", ("SyncSet", "syncsets"), Namespaced),
    kind("hiveinternal.openshift.io", "v1alpha1", ("ClusterSync", "clustersyncs"), Namespaced),
    kind(
        "imageregistry.open-cluster-management.io",
        "v1alpha1",
        ("ManagedClusterImageRegistry", "managedclusterimageregistries"),
        Namespaced,
    ),
    kind(
        "internal.open-cluster-management.io",
        "v1beta1",
        ("ManagedClusterInfo", "managedclusterinfos"),
        Namespaced,
    ),
    kind(METAL3, "v1alpha1", ("BMCEventSubscription", "bmceventsubscriptions"), Namespaced),
    kind(METAL3, "v1alpha1", ("BareMetalHost", "baremetalhosts"), Namespaced),
    kind(METAL3, "v1alpha1", ("HostFirmwareSettings", "hostfirmwaresettings"), Namespaced),
    kind("multicluster.openshift.io", "v1", ("MultiClusterEngine", "multiclusterengines"), Cluster),
    kind(
        "oadp.openshift.io",
        "v1alpha1",
        ("DataProtectionApplication", "dataprotectionapplications"),
        Namespaced,
    ),
    kind(OBSERVABILITY, "v1beta2", ("MultiClusterObservability", "multiclusterobservabilities"), Cluster),
    kind(OBSERVABILITY, "v1beta1", ("ObservabilityAddon", "observabilityaddons"), Namespaced),
    kind(OPERATOR, "v1", ("ClusterManager", "clustermanagers"), Cluster),
    kind(OPERATOR, "v1", ("InternalHubComponent", "internalhubcomponents"), Namespaced),
    kind(OPERATOR, "v1", ("MultiClusterHub", "multiclusterhubs"), Namespaced),
    kind(POLICY, "v1", ("PlacementBinding", "placementbindings"), Namespaced),
    kind(POLICY, "v1", ("Policy", "policies"), Namespaced),
    kind(POLICY, "v1beta1", ("PolicyAutomation", "policyautomations"), Namespaced),
    kind(POLICY, "v1beta1", ("PolicySet", "policysets"), Namespaced),
    kind(
        "proxy.open-cluster-management.io",
        "v1alpha1",
        ("ManagedProxyConfiguration", "managedproxyconfigurations"),
        Cluster,
    ),
    kind(
        "rbac.open-cluster-management.io",
        "v1alpha1",
        ("ClusterPermission", "clusterpermissions"),
        Namespaced,
    ),
    kind("search.open-cluster-management.io", "v1alpha1", ("Search", "searches"), Namespaced),
    kind(
        "siteconfig.open-cluster-management.io",
        "v1alpha1",
        ("ClusterInstance", "clusterinstances"),
        Namespaced,
    ),
    kind(
        "submarineraddon.open-cluster-management.io",
        "v1alpha1",
        ("SubmarinerConfig", "submarinerconfigs"),
        Namespaced,
    ),
    kind("tower.ansible.com", "v1alpha1", ("AnsibleJob", "ansiblejobs"), Namespaced),
    kind(WORK, "v1", ("ManifestWork", "manifestworks"), Namespaced),
    kind(WORK, "v1alpha1", ("ManifestWorkReplicaSet", "manifestworkreplicasets"), Namespaced),
];
