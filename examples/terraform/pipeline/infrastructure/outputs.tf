# The pipeline reads from these what runs now, so that it knows what to go back to.

output "image_blue" {
  description = "The image of the blue slot."
  value       = var.image_blue
}

output "image_green" {
  description = "The image of the green slot."
  value       = var.image_green
}

output "active_slot" {
  description = "The slot that gets the traffic."
  value       = var.active_slot
}

output "url" {
  description = "Where users reach the service."
  value       = "https://shop.example.com"
}

output "preview_url" {
  description = "Where the slot without traffic is reached."
  value       = "https://preview.shop.example.com"
}
