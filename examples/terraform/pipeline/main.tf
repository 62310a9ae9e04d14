terraform {
  required_providers {
    devopsflow = {
      source = "devopsflow/devopsflow"
    }
  }
}

data "devopsflow_project" "app" {
  path = path.root
}

resource "devopsflow_pipeline" "ci" {
  platform        = "github-actions"
  language        = data.devopsflow_project.app.language
  deploy_strategy = "blue-green"
  directory       = "${path.root}/.github/workflows"
}

output "pipeline" {
  description = "Where the pipeline is."
  value       = devopsflow_pipeline.ci.path
}

output "evidence" {
  description = "Why the project is taken for what it is."
  value       = data.devopsflow_project.app.reason
}
