canary=0
stable=""
if [[ -n "$REPLICAS" ]]; then
  canary=$(((REPLICAS * WEIGHT + 99) / 100))
  stable="replicas: $((REPLICAS - canary))"
fi
share() {
  cat >".pipeline/$1.yaml" <<PATCH
apiVersion: apps/v1
kind: Deployment
metadata:
  name: $2
spec:
  $3
  template:
    spec:
      containers:
        - name: $CONTAINER
          image: $4
PATCH
}
share stable "$DEPLOYMENT" "$stable" "$STABLE"
share canary "$DEPLOYMENT-canary" "replicas: $canary" "$IMAGE"
patches=(stable.yaml canary.yaml)
