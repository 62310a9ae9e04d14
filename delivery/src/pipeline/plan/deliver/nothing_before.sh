if [[ -z "$PREVIOUS" ]]; then
  echo "This was the first deployment, so there is nothing to go back to." >&2
  exit 1
fi
