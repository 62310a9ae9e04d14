for ((attempt = 1; attempt <= ATTEMPTS; attempt++)); do
  if curl --fail --silent --show-error --max-time 10 --output /dev/null "$BASE_URL$CHECK_PATH"; then
    echo "$BASE_URL$CHECK_PATH answers."
    exit 0
  fi
  sleep "$INTERVAL_SECONDS"
done
echo "$BASE_URL$CHECK_PATH did not answer with a success in $ATTEMPTS attempts." >&2
exit 1
