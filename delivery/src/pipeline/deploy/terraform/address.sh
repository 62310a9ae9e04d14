state=$(terraform output -json)
output url "$(jq --raw-output '.url.value // ""' <<<"$state")"
output preview_url "$(jq --raw-output '.preview_url.value // ""' <<<"$state")"
