terraform {
  required_version = ">= 1.11"

  backend "s3" {
    bucket       = "example-shop-state"
    key          = "shop.tfstate"
    region       = "eu-central-1"
    use_lockfile = true
  }
}
