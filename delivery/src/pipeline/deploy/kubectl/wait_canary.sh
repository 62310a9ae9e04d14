kubectl rollout status "deployment/$DEPLOYMENT" --namespace "$NAMESPACE" --timeout 10m
kubectl rollout status "deployment/$DEPLOYMENT-canary" --namespace "$NAMESPACE" --timeout 10m
