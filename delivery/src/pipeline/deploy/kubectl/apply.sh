kubectl kustomize .pipeline | kubectl apply --namespace "$NAMESPACE" --filename -
