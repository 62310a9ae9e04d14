definition=$(aws ecs describe-task-definition --task-definition "$DEFINITION" --query taskDefinition --output json)
next=$(
  jq --arg name "$CONTAINER" --arg image "$IMAGE" '
    (.containerDefinitions[] | select(.name == $name) | .image) = $image
    | del(.taskDefinitionArn, .revision, .status, .requiresAttributes, .compatibilities)
    | del(.registeredAt, .registeredBy, .deregisteredAt)
  ' <<<"$definition"
)
next=$(aws ecs register-task-definition --cli-input-json "$next" --query taskDefinition.taskDefinitionArn --output text)
