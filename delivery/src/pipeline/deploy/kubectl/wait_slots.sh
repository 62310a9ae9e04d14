for slot in blue green; do
  kubectl rollout status "deployment/$DEPLOYMENT-$slot" --namespace "$NAMESPACE" --timeout 10m
done
