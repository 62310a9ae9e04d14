tag="${COMMIT:0:12}@${IMAGE#*@}"
revision=""
values="{}"
if [[ -n "$(helm list --all --short --filter "^$RELEASE\$" --namespace "$NAMESPACE")" ]]; then
  history=$(helm history "$RELEASE" --namespace "$NAMESPACE" --output json)
  revision=$(jq --raw-output '[.[] | select(.status == "deployed")] | last | .revision // ""' <<<"$history")
fi
if [[ -n "$revision" ]]; then
  values=$(helm get values "$RELEASE" --revision "$revision" --namespace "$NAMESPACE" --output json)
fi
repository=$(jq --raw-output '.image.repository // ""' <<<"$values")
output revision "$revision"
output tag "$tag"
