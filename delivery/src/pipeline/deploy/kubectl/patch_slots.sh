slot() {
  cat >".pipeline/$1.yaml" <<PATCH
apiVersion: apps/v1
kind: Deployment
metadata:
  name: $DEPLOYMENT-$1
spec:
  template:
    spec:
      containers:
        - name: $CONTAINER
          image: $2
PATCH
}
slot blue "$BLUE"
slot green "$GREEN"
cat >.pipeline/service.yaml <<PATCH
apiVersion: v1
kind: Service
metadata:
  name: $SERVICE
spec:
  selector:
    slot: $ACTIVE_SLOT
PATCH
patches=(blue.yaml green.yaml service.yaml)
