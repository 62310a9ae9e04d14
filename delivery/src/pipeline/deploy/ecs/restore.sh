latest() {
  aws ecs list-service-deployments --cluster "$CLUSTER" --service "$SERVICE" --query serviceDeployments --output json |
    jq 'sort_by(.createdAt) | last // {}'
}
deployment=$(latest)
if [[ "$(jq --raw-output '.status // ""' <<<"$deployment")" =~ ^(PENDING|IN_PROGRESS)$ ]]; then
  arn=$(jq --raw-output .serviceDeploymentArn <<<"$deployment")
  aws ecs stop-service-deployment --service-deployment-arn "$arn" --stop-type ROLLBACK --output json >/dev/null
fi
until [[ "$(latest | jq --raw-output '.status // ""')" =~ ^(|SUCCESSFUL|STOPPED|ROLLBACK_SUCCESSFUL|ROLLBACK_FAILED)$ ]]; do sleep 15; done
running=$(aws ecs describe-services --cluster "$CLUSTER" --services "$SERVICE" --query 'services[0].taskDefinition' --output text)
if [[ "$running" != "$DEFINITION" ]]; then
  aws ecs update-service --cluster "$CLUSTER" --service "$SERVICE" --task-definition "$DEFINITION" --output json >/dev/null
  aws ecs wait services-stable --cluster "$CLUSTER" --services "$SERVICE"
fi
