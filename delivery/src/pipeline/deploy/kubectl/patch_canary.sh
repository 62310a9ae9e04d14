canary=$(((REPLICAS * WEIGHT + 99) / 100))
share() {
  cat >".pipeline/$1.yaml" <<PATCH
apiVersion: apps/v1
kind: Deployment
metadata:
  name: $2
spec:
  replicas: $3
  template:
    spec:
      containers:
        - name: $CONTAINER
          image: $4
PATCH
}
share stable "$DEPLOYMENT" "$((REPLICAS - canary))" "$STABLE"
share canary "$DEPLOYMENT-canary" "$canary" "$IMAGE"
patches=(stable.yaml canary.yaml)
