state=$(terraform output -json)
active=$(jq --raw-output '.active_slot.value // ""' <<<"$state")
blue=$(jq --raw-output '.image_blue.value // ""' <<<"$state")
green=$(jq --raw-output '.image_green.value // ""' <<<"$state")
new=$IMAGE
if [[ "$active" == green ]]; then output running "$green"; else output running "$blue"; fi
