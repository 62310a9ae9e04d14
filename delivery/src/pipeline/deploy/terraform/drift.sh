status=0
terraform plan -input=false -lock=false -detailed-exitcode VARIABLES || status=$?
case "$status" in
  0) echo "What runs is what the module says." ;;
  2)
    echo "What runs is not what the module says: see the plan above." >&2
    exit 1
    ;;
  *) exit "$status" ;;
esac
