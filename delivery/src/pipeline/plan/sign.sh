cosign sign --yes "$IMAGE"
cosign attest --yes --type spdxjson --predicate "$SBOM" "$IMAGE"
