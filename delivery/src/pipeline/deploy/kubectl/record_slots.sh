image() {
  kubectl get deployment "$DEPLOYMENT-$1" --namespace "$NAMESPACE" --ignore-not-found \
    --output jsonpath="{.spec.template.spec.containers[?(@.name=='$CONTAINER')].image}"
}
active=$(kubectl get service "$SERVICE" --namespace "$NAMESPACE" --ignore-not-found --output jsonpath='{.spec.selector.slot}')
blue=$(image blue)
green=$(image green)
new=$IMAGE
if [[ "$active" == green ]]; then output running "$green"; else output running "$blue"; fi
