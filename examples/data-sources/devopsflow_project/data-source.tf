data "devopsflow_project" "app" {
  path = path.root
}

output "language" {
  value = data.devopsflow_project.app.language
}
