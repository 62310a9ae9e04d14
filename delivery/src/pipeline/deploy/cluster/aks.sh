az aks get-credentials --name "$CLUSTER" --resource-group "$RESOURCE_GROUP" --file "$KUBECONFIG"
if command -v kubelogin >/dev/null; then
  kubelogin convert-kubeconfig --login azurecli
fi
