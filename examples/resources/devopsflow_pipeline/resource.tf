data "devopsflow_project" "app" {
  path = path.root
}

resource "devopsflow_pipeline" "ci" {
  platform        = "github-actions"
  language        = data.devopsflow_project.app.language
  deploy_strategy = "blue-green"
  directory       = "${path.root}/.github/workflows"
}
