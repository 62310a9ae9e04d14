stable=$(jq --raw-output '.image.tag // ""' <<<"$values")
output stable "${stable:-$tag}"
output running "${stable:+$repository@${stable#*@}}"
