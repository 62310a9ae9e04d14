cat >.pipeline/patch.yaml <<PATCH
apiVersion: apps/v1
kind: Deployment
metadata:
  name: $DEPLOYMENT
spec:
  template:
    spec:
      containers:
        - name: $CONTAINER
          image: $IMAGE
PATCH
patches=(patch.yaml)
