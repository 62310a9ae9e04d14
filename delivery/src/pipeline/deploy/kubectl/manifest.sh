kubectl kustomize .pipeline >.pipeline-manifest.yaml
