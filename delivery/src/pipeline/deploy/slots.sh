if [[ "$active" == blue ]]; then slot=green; else slot=blue; fi
if [[ "$slot" == blue ]]; then blue_next=$new; else blue_next=${blue:-$new}; fi
if [[ "$slot" == green ]]; then green_next=$new; else green_next=${green:-$new}; fi
output previous_slot "$active"
output previous_blue "$blue"
output previous_green "$green"
output slot "$slot"
output kept_slot "${active:-blue}"
output blue "$blue_next"
output green "$green_next"
