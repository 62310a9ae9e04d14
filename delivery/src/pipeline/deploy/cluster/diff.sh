status=0
kubectl diff --namespace "$NAMESPACE" --filename .pipeline-manifest.yaml || status=$?
case "$status" in
  0) echo "What runs is what its definition says." ;;
  1)
    echo "What runs is not what its definition says: see the differences above." >&2
    exit 1
    ;;
  *) exit "$status" ;;
esac
