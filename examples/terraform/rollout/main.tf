terraform {
  required_providers {
    devopsflow = {
      source = "devopsflow/devopsflow"
    }
  }
}

variable "release" {
  description = "The version that users shall have: v1 and v2 are good, v3 fails one request in ten."
  type        = string
  default     = "v1"
}

variable "port" {
  description = "Where users reach the service."
  type        = number
  default     = 8080
}

variable "pause" {
  description = "How long each share of the traffic is watched."
  type        = string
  default     = "10s"
}

variable "retry_token" {
  description = "Another text makes a version that was taken back worth another try."
  type        = string
  default     = null
}

resource "devopsflow_rollout" "shop" {
  name        = "shop"
  version     = var.release
  retry_token = var.retry_token

  target = {
    local = {
      command     = ["python3", "releases/{version}/app.py"]
      port        = var.port
      replicas    = 2
      readiness   = { path = "/ready" }
      working_dir = path.root
    }
  }

  strategy = {
    canary = {
      steps = [
        { weight = 5, pause = var.pause },
        { weight = 25, pause = var.pause },
        { weight = 50, pause = var.pause },
      ]
    }
  }

  gates = [
    # So few requests are enough only because this is a demonstration.
    { name = "errors", metric = "error_rate", max_ratio_to_baseline = 2, min_samples = 5 },
    { name = "health", metric = "http", path = "/ready" },
  ]

  retain = "5s"
}

output "url" {
  description = "Where users reach the service."
  value       = devopsflow_rollout.shop.url
}

output "users_have" {
  description = "The version that all users have."
  value       = devopsflow_rollout.shop.stable_version
}
