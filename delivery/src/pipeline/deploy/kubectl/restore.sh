revision=$(kubectl get deployment "$DEPLOYMENT" --namespace "$NAMESPACE" --output jsonpath='{.metadata.annotations.deployment\.kubernetes\.io/revision}')
if [[ "$revision" != "$REVISION" ]]; then
  kubectl rollout undo "deployment/$DEPLOYMENT" --to-revision "$REVISION" --namespace "$NAMESPACE"
fi
kubectl rollout status "deployment/$DEPLOYMENT" --namespace "$NAMESPACE" --timeout 10m
