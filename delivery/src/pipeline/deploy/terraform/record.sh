state=$(terraform output -json)
image=$(jq --raw-output '.image.value // ""' <<<"$state")
output running "$image"
output stable "${image:-$IMAGE}"
