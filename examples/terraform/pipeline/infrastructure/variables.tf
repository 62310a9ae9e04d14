variable "image_blue" {
  description = "The image of the blue slot, by digest."
  type        = string
}

variable "image_green" {
  description = "The image of the green slot, by digest."
  type        = string
}

variable "active_slot" {
  description = "The slot that gets the traffic: blue or green."
  type        = string

  validation {
    condition     = contains(["blue", "green"], var.active_slot)
    error_message = "The slot is blue or green."
  }
}
