if [[ -z "$PREVIOUS" ]]; then
  echo "Nothing is deployed yet."
  exit 0
fi
