variable "release" {
  type    = string
  default = "v1"
}

resource "devopsflow_rollout" "api" {
  name    = "api"
  version = var.release

  target = {
    local = {
      command   = ["python3", "releases/{version}/app.py"]
      port      = 8080
      replicas  = 2
      readiness = { path = "/ready" }
    }
  }

  strategy = {
    canary = {
      steps = [
        { weight = 5, pause = "10m" },
        { weight = 25, pause = "10m" },
        { weight = 50, pause = "approval" },
      ]
    }
  }

  gates = [
    { name = "errors", metric = "error_rate", max_ratio_to_baseline = 2 },
    { name = "health", metric = "http", path = "/ready", interval = "5s" },
  ]
}

output "url" {
  value = devopsflow_rollout.api.url
}
