deployment=$(kubectl get deployment "$DEPLOYMENT" --namespace "$NAMESPACE" --ignore-not-found --output json)
deployment=${deployment:-null}
running=$(jq --raw-output --arg name "$CONTAINER" '[.spec.template.spec.containers[]? | select(.name == $name) | .image][0] // ""' <<<"$deployment")
output running "$running"
output stable "${running:-$IMAGE}"
output revision "$(jq --raw-output '.metadata.annotations["deployment.kubernetes.io/revision"] // ""' <<<"$deployment")"
output replicas "$(jq --raw-output '.spec.replicas // ""' <<<"$deployment")"
