"""A chat that WhatsApp exported comes in; its conversations go out, dated in any language."""
