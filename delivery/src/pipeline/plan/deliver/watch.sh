planned=$((WATCH_SECONDS / INTERVAL_SECONDS))
asked=0
failed=0
SECONDS=0
while ((SECONDS < WATCH_SECONDS)); do
  asked=$((asked + 1))
  if ! curl --fail --silent --show-error --max-time 10 --output /dev/null "$BASE_URL$CHECK_PATH"; then
    failed=$((failed + 1))
  fi
  if ((failed * 100 > planned * MAX_FAILED_PERCENT)); then
    echo "$failed of $asked requests to $BASE_URL$CHECK_PATH failed, which is more than $MAX_FAILED_PERCENT % of $planned." >&2
    exit 1
  fi
  sleep "$INTERVAL_SECONDS"
done
echo "$failed of $asked requests failed."
