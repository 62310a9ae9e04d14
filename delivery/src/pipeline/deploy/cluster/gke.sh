cluster=$(gcloud container clusters describe "$CLUSTER" --location "$LOCATION" --project "$PROJECT" --format json)
jq --raw-output .masterAuth.clusterCaCertificate <<<"$cluster" | base64 --decode >"$KUBECONFIG.crt"
kubectl config set-cluster deploy --server "https://$(jq --raw-output .endpoint <<<"$cluster")" --certificate-authority "$KUBECONFIG.crt" --embed-certs
kubectl config set-credentials deploy --token "$(gcloud auth print-access-token)"
kubectl config set-context deploy --cluster deploy --user deploy
kubectl config use-context deploy
