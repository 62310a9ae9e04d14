service=$(aws ecs describe-services --cluster "$CLUSTER" --services "$SERVICE" --query 'services[0]' --output json)
if [[ "$(jq --raw-output '.status // ""' <<<"$service")" != ACTIVE ]]; then
  echo "The cluster $CLUSTER has no active service $SERVICE: make it before the first deployment." >&2
  exit 1
fi
definition=$(jq --raw-output .taskDefinition <<<"$service")
containers=$(aws ecs describe-task-definition --task-definition "$definition" --query taskDefinition.containerDefinitions --output json)
if [[ -z "$CONTAINER" ]]; then
  if [[ "$(jq length <<<"$containers")" != 1 ]]; then
    echo "The task definition has several containers: say which one runs the image." >&2
    exit 1
  fi
  CONTAINER=$(jq --raw-output '.[0].name' <<<"$containers")
fi
output running "$(jq --raw-output --arg name "$CONTAINER" '[.[] | select(.name == $name) | .image][0] // ""' <<<"$containers")"
output container "$CONTAINER"
output definition "$definition"
