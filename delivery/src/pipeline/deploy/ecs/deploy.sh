latest() {
  aws ecs list-service-deployments --cluster "$CLUSTER" --service "$SERVICE" --query serviceDeployments --output json |
    jq --raw-output 'sort_by(.createdAt) | last | .serviceDeploymentArn // ""'
}
before=$(latest)
configuration=$(
  aws ecs describe-services --cluster "$CLUSTER" --services "$SERVICE" --query 'services[0].deploymentConfiguration' --output json |
    jq --argjson wanted "$CONFIGURATION" 'del(.canaryConfiguration, .linearConfiguration) * $wanted'
)
aws ecs update-service --cluster "$CLUSTER" --service "$SERVICE" --task-definition "$next" --deployment-configuration "$configuration" --output json >/dev/null
while [[ "$(latest)" == "$before" ]]; do sleep 5; done
deployment=$(latest)
while true; do
  status=$(aws ecs describe-service-deployments --service-deployment-arns "$deployment" --query 'serviceDeployments[0].status' --output text)
  echo "$status"
  case "$status" in
    SUCCESSFUL) exit 0 ;;
    STOPPED | ROLLBACK_SUCCESSFUL | ROLLBACK_FAILED) exit 1 ;;
    *) sleep 15 ;;
  esac
done
