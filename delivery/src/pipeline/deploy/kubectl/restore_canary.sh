kubectl scale "deployment/$DEPLOYMENT" --replicas "$REPLICAS" --namespace "$NAMESPACE"
kubectl scale "deployment/$DEPLOYMENT-canary" --replicas 0 --namespace "$NAMESPACE"
