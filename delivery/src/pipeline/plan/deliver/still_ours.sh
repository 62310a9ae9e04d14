if [[ -n "$RELEASED" && "$RUNNING" != "$RELEASED" && "$RUNNING" != "$PREVIOUS" ]]; then
  echo "$RUNNING runs by now, which this run did not deploy: nothing is rolled back." >&2
  exit 1
fi
