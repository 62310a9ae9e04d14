uses_image() { helm template "$RELEASE" "$CHART" --namespace "$NAMESPACE" "${arguments[@]}" | grep --fixed-strings "${IMAGE#*@}" >/dev/null; }
if [[ "${WEIGHT:-}" != 0 ]] && ! uses_image; then
  echo "The chart does not use the image that it is given: it must take image.repository and the values set here." >&2
  exit 1
fi
helm upgrade --install "$RELEASE" "$CHART" --namespace "$NAMESPACE" --wait --timeout 10m "${arguments[@]}"
