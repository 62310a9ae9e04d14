terraform import devopsflow_pipeline.ci github-actions:.github/workflows/ci.yml
