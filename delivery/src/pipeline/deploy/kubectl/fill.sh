{
  printf 'resources:\n  - all.yaml\npatches:\n'
  for patch in "${patches[@]}"; do
    kind=$(sed -n 's/^kind: //p' ".pipeline/$patch")
    name=$(sed -n 's/^  name: //p' ".pipeline/$patch")
    printf '  - path: %s\n    target:\n      kind: %s\n      name: ^%s$\n' "$patch" "$kind" "$name"
  done
} >.pipeline/kustomization.yaml
