kubectl patch service "$SERVICE" --namespace "$NAMESPACE" --patch "{\"spec\": {\"selector\": {\"slot\": \"$ACTIVE_SLOT\"}}}"
