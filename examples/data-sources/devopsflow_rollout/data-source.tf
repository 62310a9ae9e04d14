data "devopsflow_rollout" "api" {
  name = "api"
}

output "share_of_the_new_version" {
  value = data.devopsflow_rollout.api.weight
}
