helm get manifest "$RELEASE" --namespace "$NAMESPACE" >.pipeline-manifest.yaml
