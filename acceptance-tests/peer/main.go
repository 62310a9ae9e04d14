// Command terraform-provider-peer is a small provider on terraform-plugin-framework.
//
// It is not ours on purpose: the host end of the plugin protocol is driven against it, the
// protobuf descriptors are compared with the ones it carries, and the benchmarks run beside it.
// With the argument "descriptor" it prints those descriptors instead of serving.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
)

const address = "registry.terraform.io/devopsflow/peer"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "terraform-provider-peer:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 0:
		return providerserver.Serve(context.Background(), newProvider, providerserver.ServeOpts{
			Address:         address,
			ProtocolVersion: 6,
		})
	case len(args) == 1 && args[0] == "descriptor":
		return writeDescriptors(os.Stdout)
	default:
		return fmt.Errorf("unknown arguments %q: expected none (to serve) or \"descriptor\"", args)
	}
}
