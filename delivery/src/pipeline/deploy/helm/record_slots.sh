active=$(jq --raw-output '.activeSlot // ""' <<<"$values")
blue=$(jq --raw-output '.slots.blue.tag // ""' <<<"$values")
green=$(jq --raw-output '.slots.green.tag // ""' <<<"$values")
new=$tag
if [[ "$active" == green ]]; then running=$green; else running=$blue; fi
output running "${running:+$repository@${running#*@}}"
