terraform import devopsflow_rollout.api api
