// Command velero is Velero with its one fixed port, :8080 of controller-runtime, switched off: two of
// them can then run on one machine.
package main

import (
	"os"

	"github.com/vmware-tanzu/velero/pkg/cmd/velero"
	metrics "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

func main() {
	metrics.DefaultBindAddress = "0"
	if err := velero.NewCommand("velero").Execute(); err != nil {
		os.Exit(1)
	}
}
