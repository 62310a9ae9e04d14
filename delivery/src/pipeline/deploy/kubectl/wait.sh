kubectl rollout status "deployment/$DEPLOYMENT" --namespace "$NAMESPACE" --timeout 10m
