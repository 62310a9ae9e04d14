# Two slots, of which one gets the traffic. terraform_data stands for what runs in them: put your service there.

resource "terraform_data" "slot" {
  for_each = { blue = var.image_blue, green = var.image_green }
  input    = each.value
}

resource "terraform_data" "traffic" {
  input = terraform_data.slot[var.active_slot].output
}
